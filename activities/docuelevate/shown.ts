import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { found } from '../shared/guard.js';
import type { DocuElevateDeps } from './activities.js';
import { DocuElevateClient } from './client.js';
import { fits } from './marks.js';

/** A setting that is looked at for a version. */
export interface SettingOf {
  readonly version: VersionRef;
  readonly setting: string;
}

/**
 * Whether the engine has nothing it could have used in place of the version: it falls back without a word, and the document that went
 * through shows nothing.
 */
export async function hasNoFallback(deps: DocuElevateDeps, { version, setting }: SettingOf): Promise<Finding> {
  const unset = !(await shownBy(deps, { version, setting }));
  const why = `${setting} is set, and DocuElevate falls back to it without a word: set it to nothing`;
  return found(deps.store, version, {
    kind: 'in-use',
    outcome: unset ? 'not-observable' : 'failed',
    detail: unset ? `no server tells which value was used; ${setting} is not set, so it was none but ours` : why,
  });
}

/** Whether a setting shows an adopted version, as far as a beginning and a length can tell. */
export async function showsAdopted(deps: DocuElevateDeps, { version, setting }: SettingOf): Promise<Finding> {
  const { settings } = await deps.engine(version.credential);
  const value = (await deps.store.unseal(version))[settings[setting] ?? ''] ?? '';
  const shown = await shownBy(deps, { version, setting });
  const say = (outcome: Finding['outcome'], detail: string) =>
    found(deps.store, version, { kind: 'setting-ours', outcome, detail });
  if (fits(shown, value)) return say('not-observable', `${setting} begins and is as long as it should`);
  if (!shown?.startsWith('----'))
    return say('failed', `${setting} does not show the path that the configuration names`);
  return say('failed', `${setting} holds the text of a key, and DocuElevate wants the path of a file there`);
}

async function shownBy({ sessions, engine }: DocuElevateDeps, { version, setting }: SettingOf): Promise<string | null> {
  return new DocuElevateClient(sessions.of(await engine(version.credential))).shownValue(setting);
}
