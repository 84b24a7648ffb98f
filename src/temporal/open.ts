import { Connection } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TemporalTarget } from './connect.js';

type Target = Pick<TemporalTarget, 'connectionOptions' | 'namespace'>;

// By default gRPC waits up to 2 minutes before it reconnects, even when the server is back after an outage.
const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 1_000 };

/** Rejects until the server can be used. */
type ServerCheck = (connection: Connection, namespace: string) => Promise<unknown>;

const hasNamespace: ServerCheck = ({ workflowService }, namespace) => workflowService.describeNamespace({ namespace });

/**
 * Opens a connection and checks that the server answers and has the namespace.
 * @throws what the client library throws; the connection is then closed
 */
export async function openConnection(
  { connectionOptions, namespace }: Target,
  withinMs: number,
  check: ServerCheck = hasNamespace,
): Promise<Connection> {
  const deadline = Date.now() + withinMs;
  const connection = Connection.lazy({ ...connectionOptions, connectTimeout: withinMs, channelArgs });
  try {
    await connection.ensureConnected();
    await connection.withDeadline(deadline, () => check(connection, namespace));
    return connection;
  } catch (err) {
    await connection.close();
    throw err;
  }
}

export interface WaitLimits {
  readonly withinMs: number;
  /** A closed connection keeps the process alive until its own deadline, so a single attempt must be shorter than `withinMs`. */
  readonly attemptMs: number;
  readonly signal?: AbortSignal;
  /** Replaces the check that the namespace exists. */
  readonly check?: ServerCheck;
}

/**
 * Waits until the server answers and has the namespace.
 * @throws what the last attempt threw
 */
export async function waitUntilUsable(
  target: Target,
  { withinMs, attemptMs, signal, check }: WaitLimits,
): Promise<void> {
  for (const deadline = Date.now() + withinMs; ; await sleep(50)) {
    try {
      const connection = await openConnection(target, attemptMs, check);
      return await connection.close();
    } catch (err) {
      if (signal?.aborted || Date.now() > deadline) throw err;
    }
  }
}
