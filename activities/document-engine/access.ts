import { isLive } from '../../src/domain/version.js';
import { type AccessCheck, look } from '../shared/access.js';
import { permanent } from '../shared/patience.js';
import type { DocumentEngineDeps } from './activities.js';
import { keptAtRestart } from './environment.js';
import { changedSince } from './secrets.js';
import { currentIdOf, currentIn, open } from './standing.js';

export async function checkAccess(deps: DocumentEngineDeps, credential: string): Promise<AccessCheck[]> {
  const work = await open(deps, { credential, number: 0, fence: 0 });
  const { store, client, connection } = work;
  const health = await look('health', async () => {
    await client.isHealthy();
    return 'it answers';
  });
  const secrets = await look(`${connection.type} secrets`, async () => {
    const listed = await client.secrets();
    const live = (await store.versions(credential)).filter(({ state }) => isLive(state));
    const known = live.some((version) => currentIdOf(version, connection) === currentIn(listed).id);
    if (live.length > 0 && !known) throw permanent('Rejected', changedSince(work));
    return `${listed.length} valid${known ? ', and the current one is ours' : ''}`;
  });
  return [health, ...(health.ok ? [secrets] : []), { what: 'restart', ...(await keptAtRestart(connection)) }];
}
