import { existsSync } from 'node:fs';
import { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { bundlePath } from '../../../workers/bundle.js';
import { installRuntime, startWorkers } from '../../../workers/rotation-worker.js';
import { UserError } from '../../domain/user-error.js';
import { connectWorker, type TemporalTarget } from '../../temporal/connect.js';
import { ensureSearchAttributes } from '../../temporal/search-attributes.js';
import { requireNewest } from '../records/ledger-anchor.js';
import type { Session } from '../session/session.js';
import { watch } from './watch.js';

/** Running workers. */
export interface Serving {
  /** Rejects when they stop by themselves. */
  readonly finished: Promise<void>;
  /** Gives steps in progress some time to end. */
  stop(): Promise<void>;
}

/**
 * Runs workers for rotations and emergencies in this process.
 * @throws UserError when the server cannot be used, knows a newer store, or this Keyturn is incomplete
 */
export async function serve(
  session: Session,
  target: TemporalTarget,
  { logger, metrics }: { readonly logger: Logger; readonly metrics?: string },
): Promise<Serving> {
  if (!existsSync(bundlePath)) throw incomplete();
  const { store, activities, takenIn } = session;
  for (const credential of takenIn) logger.warn({ credential }, 'what was revoked without the store is in the ledger');
  installRuntime(logger, metrics); // before any connection of the worker's library is made
  const connection = await connectWorker(target);
  const client = new Client({ connection, namespace: target.namespace });
  try {
    await ensureSearchAttributes(connection, target.namespace);
    await requireNewest(session, client);
  } catch (error) {
    await connection.close();
    throw error;
  }
  const { namespace } = target;
  const workers = await startWorkers({ connection, namespace, bundle: bundlePath, store, activities });
  const over = new AbortController();
  const watching = watch(session, client, { signal: over.signal, logger });
  return {
    finished: workers.finished,
    async stop() {
      over.abort();
      await workers.stop();
      await watching;
      await connection.close();
    },
  };
}

function incomplete(): UserError {
  return new UserError('The workflows of this Keyturn were not built', {
    state: 'Nothing was started.',
    next: 'Build it: npm run build',
  });
}
