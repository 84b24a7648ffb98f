import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import type { EngineSurvey, SurveyedSetting } from '../shared/survey.js';
import type { DocuElevateDeps } from './activities.js';
import { authorOf, fits, holderAmong } from './receipts.js';
import { historiesOf } from './settings.js';
import { connect, settingsFedBy } from './engine.js';

/** State of the settings for `keyturn reconcile`. Changes nothing. */
export async function survey(deps: DocuElevateDeps, credential: string): Promise<EngineSurvey> {
  const { store } = deps;
  const { connection, client } = await connect(deps, credential);
  const versions = await store.versions(credential);
  const current = versions.find(({ state }) => state === 'current');
  const fed = current ? settingsFedBy(current, connection) : connection.settings;
  const histories = await historiesOf({ client, settings: fed });
  const settings: SurveyedSetting[] = [];
  for (const [key, part] of Object.entries(fed)) {
    const changes = histories[key] ?? [];
    const shownValue = await client.shownValue(key);
    const [newest] = changes;
    const written = holderAmong(versions, { key, changes, isOurs: client.isOurs });
    const fitting = written && (await shows(store, written, { part, shownValue }));
    settings.push({
      key,
      set: Boolean(shownValue),
      changed: newest ? authorOf(newest) : null,
      byUs: newest !== undefined && client.isOurs(newest),
      version: fitting ? written.number : null,
    });
  }
  return { settings };
}

/** Whether the shown value may be the version's. The engine shows only beginning and length, which can only disprove it. */
async function shows(
  store: Store,
  version: Version,
  { part, shownValue }: { readonly part: string; readonly shownValue: string | null },
): Promise<boolean> {
  if (!version.parts.includes(part)) return false;
  return fits(shownValue, (await store.unseal(version))[part] ?? '');
}
