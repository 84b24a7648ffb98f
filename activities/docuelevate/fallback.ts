import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding } from '../shared/evidence.js';
import type { DocuElevateDeps } from './activities.js';
import { DocuElevateClient } from './client.js';

/** A setting to check for a version. */
export interface SettingOf {
  readonly version: VersionRef;
  readonly setting: string;
}

/** Whether the fallback setting is empty. The engine falls back silently, and a processed document would then prove nothing. */
export async function hasNoFallback(deps: DocuElevateDeps, { version, setting }: SettingOf): Promise<Finding> {
  const isSet = Boolean(await shownBy(deps, { version, setting }));
  const why = `${setting} is set, and DocuElevate silently falls back to it: clear it`;
  return recordFinding(deps.store, version, {
    kind: 'in-use',
    outcome: isSet ? 'failed' : 'not-observable',
    detail: isSet ? why : `a server does not show which value was used; ${setting} is not set, so it was not that one`,
  });
}

async function shownBy({ sessions, engine }: DocuElevateDeps, { version, setting }: SettingOf): Promise<string | null> {
  return new DocuElevateClient(sessions.of(await engine(version.credential))).shownValue(setting);
}
