import type { VersionRef } from '../../src/domain/version.js';
import type { DocuElevateDeps } from './activities.js';
import { openEngine } from './engine.js';
import { reload } from './reload.js';

/** Makes the engine reload its settings, if a worker is online. Returns why it was not done, or null. */
export async function makeReload(deps: DocuElevateDeps, version: VersionRef): Promise<string | null> {
  const engine = await openEngine(deps, version);
  if ((await engine.client.workersOnline()) === 0) return 'no worker of DocuElevate is online to reload';
  return reload(engine, version);
}
