import type { Client } from '@temporalio/client';
import { containmentId, rotationId } from '../../domain/temporal-names.js';
import { UserError } from '../../domain/user-error.js';
import { isRunning } from './orphaned-rotations.js';
import { reachIfThere } from './reach.js';
import type { Session } from './session.js';

/**
 * Runs `action` while no rotation of a credential runs in Temporal. A workflow that a schedule started asks again before it begins a rotation.
 * When no server can be reached, nothing runs, and `action` gets null; but a credential with a schedule needs the server.
 * @throws NotReachable for such a credential; UserError when something runs
 */
export async function whileQuiet<T>(
  { config, store }: Pick<Session, 'config' | 'store'>,
  credential: string,
  action: (client: Client | null) => Promise<T>,
): Promise<T> {
  const isScheduled = (await store.cadence(credential)) !== null;
  const { client, silence } = await reachIfThere(config);
  if (isScheduled && silence) throw silence;
  try {
    if (client) await requireQuiet(client, store.installation, credential);
    return await action(client);
  } finally {
    await client?.connection.close();
  }
}

async function requireQuiet(client: Client, installation: string, credential: string): Promise<void> {
  const workflows = { rotation: rotationId, containment: containmentId };
  for (const [what, idOf] of Object.entries(workflows)) {
    if (!(await isRunning(client, idOf(installation, credential)))) continue;
    throw new UserError(`A ${what} of ${credential} is running`, {
      state: 'Nothing was changed.',
      next: `Let it end. See how far it is: keyturn status ${credential}`,
    });
  }
}
