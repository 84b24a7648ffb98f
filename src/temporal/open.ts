import { Connection } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TemporalTarget } from './connect.js';

type Target = Pick<TemporalTarget, 'connectionOptions' | 'namespace'>;

// As shipped gRPC waits up to 2 minutes before it tries again, also when a server comes back after an outage.
const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 1_000 };

/** What has to be true of a server before it can be used. */
type Look = (connection: Connection, namespace: string) => Promise<unknown>;

const hasNamespace: Look = ({ workflowService }, namespace) => workflowService.describeNamespace({ namespace });

/**
 * Opens a connection and makes sure that the server answers and has the namespace.
 * @throws what the client library throws; nothing stays open then
 */
export async function openConnection(
  { connectionOptions, namespace }: Target,
  withinMs: number,
  look: Look = hasNamespace,
): Promise<Connection> {
  const deadline = Date.now() + withinMs;
  const connection = Connection.lazy({ ...connectionOptions, connectTimeout: withinMs, channelArgs });
  try {
    await connection.ensureConnected();
    await connection.withDeadline(deadline, () => look(connection, namespace));
    return connection;
  } catch (err) {
    await connection.close();
    throw err;
  }
}

export interface WaitLimits {
  readonly withinMs: number;
  /** A closed connection holds the process up until its own deadline, so no single attempt may be as long as the patience. */
  readonly attemptMs: number;
  readonly signal?: AbortSignal;
  /** Looks at more than the namespace. */
  readonly look?: Look;
}

/**
 * Waits until the server answers and has the namespace.
 * @throws what the last attempt threw
 */
export async function waitUntilUsable(
  target: Target,
  { withinMs, attemptMs, signal, look }: WaitLimits,
): Promise<void> {
  for (const deadline = Date.now() + withinMs; ; await sleep(50)) {
    try {
      const connection = await openConnection(target, attemptMs, look);
      return await connection.close();
    } catch (err) {
      if (signal?.aborted || Date.now() > deadline) throw err;
    }
  }
}
