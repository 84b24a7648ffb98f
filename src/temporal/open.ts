import { Connection } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TemporalTarget } from './connect.js';

type Target = Pick<TemporalTarget, 'connectionOptions' | 'namespace'>;

// As shipped gRPC waits up to 2 minutes before it tries again, also when a server comes back after an outage.
const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 1_000 };

/**
 * Opens a connection and makes sure that the server answers and has the namespace.
 * @throws what the client library throws; nothing stays open then
 */
export async function openConnection({ connectionOptions, namespace }: Target, withinMs: number): Promise<Connection> {
  const deadline = Date.now() + withinMs;
  const connection = Connection.lazy({ ...connectionOptions, connectTimeout: withinMs, channelArgs });
  try {
    await connection.ensureConnected();
    await connection.withDeadline(deadline, () => connection.workflowService.describeNamespace({ namespace }));
    return connection;
  } catch (err) {
    await connection.close();
    throw err;
  }
}

export interface Patience {
  readonly withinMs: number;
  /** A closed connection holds the process up until its own deadline, so no single attempt may be as long as the patience. */
  readonly attemptMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Waits until the server answers and has the namespace.
 * @throws what the last attempt threw
 */
export async function waitUntilUsable(target: Target, { withinMs, attemptMs, signal }: Patience): Promise<void> {
  for (const deadline = Date.now() + withinMs; ; await sleep(50)) {
    try {
      const connection = await openConnection(target, attemptMs);
      return await connection.close();
    } catch (err) {
      if (signal?.aborted || Date.now() > deadline) throw err;
    }
  }
}
