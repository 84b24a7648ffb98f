import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding } from '../shared/evidence.js';
import type { DocuElevateDeps } from './activities.js';
import { DocuElevateClient } from './client.js';

/** A setting that is looked at for a version. */
export interface SettingOf {
  readonly version: VersionRef;
  readonly setting: string;
}

/** Whether the engine had a setting to fall back to: it does so without a word, and the document that went through shows nothing. */
export async function hasNoFallback(deps: DocuElevateDeps, { version, setting }: SettingOf): Promise<Finding> {
  const isSet = Boolean(await shownBy(deps, { version, setting }));
  const why = `${setting} is set, and DocuElevate falls back to it without a word: set it to nothing`;
  return recordFinding(deps.store, version, {
    kind: 'in-use',
    outcome: isSet ? 'failed' : 'not-observable',
    detail: isSet ? why : `no server tells which value was used; ${setting} is not set, so it was not that`,
  });
}

async function shownBy({ sessions, engine }: DocuElevateDeps, { version, setting }: SettingOf): Promise<string | null> {
  return new DocuElevateClient(sessions.of(await engine(version.credential))).shownValue(setting);
}
