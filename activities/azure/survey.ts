import { isLive } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { askAbout, type ProviderSurvey, type Orphan, type SurveyedVersion } from '../shared/survey.js';
import type { AzureDeps } from './activities.js';
import { AzureClient, slots } from './client.js';
import { pauseMs, question } from './probes.js';
import type { Keys } from './schemas.js';
import { slotOf } from './slots.js';

export async function survey(
  { store, account }: AzureDeps,
  credential: string,
  quietly = false,
): Promise<ProviderSurvey> {
  const { propagationMs, ...connection } = await account(credential);
  const client = new AzureClient({ ...connection, propagationMs });
  const keys = await client.keys();
  const versions: SurveyedVersion[] = [];
  for (const version of await store.versions(credential))
    versions.push(await surveyVersion({ store, client, keys, propagationMs, quietly }, version));
  return { versions, orphans: await orphansIn(store, keys) };
}

interface Surveying {
  readonly store: Store;
  readonly client: AzureClient;
  readonly keys: Keys;
  readonly propagationMs: number;
  /** Does not probe with listed values. */
  readonly quietly: boolean;
}

/** Reads the slots from the list. Probes only the current version, and a live version that is missing from the list. */
async function surveyVersion(
  { store, client, keys, propagationMs, quietly }: Surveying,
  version: Version,
): Promise<SurveyedVersion> {
  const plain = { number: version.number, lastUsedAt: null } as const;
  const value = version.parts.includes('key') ? (await store.unseal(version))['key'] : undefined;
  if (value === undefined) return { ...plain, verdict: 'not listed' };
  const listed = slotOf(keys, value) !== undefined;
  const asked = isLive(version.state) && (version.state === 'current' || !listed);
  if (!asked || (quietly && listed)) return { ...plain, verdict: listed ? 'listed' : 'not listed' };
  const prober = { ...question, propagationMs, pauseMs, ask: ({ key = '' }) => client.tryKey(key) };
  return { ...plain, verdict: await askAbout(prober, store, { version, listed }) };
}

/** Keys that the store does not know: somebody else has regenerated them. */
async function orphansIn(store: Store, keys: Keys): Promise<Orphan[]> {
  const orphans: Orphan[] = [];
  for (const slot of slots)
    if ((await store.identify(keys[slot])).length === 0)
      orphans.push({ id: slot, name: `${slot} of the account`, madeFor: null, lastUsedAt: null });
  return orphans;
}
