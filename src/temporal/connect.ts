import { Client, isGrpcServiceError } from '@temporalio/client';
import type { NativeConnection, NativeConnectionOptions } from '@temporalio/worker';
import { UserError } from '../domain/user-error.js';
import { findEmbeddedServer } from './embedded.js';
import { readEnvironment, type TemporalEnvironment } from './environment.js';
import { openConnection, waitUntilUsable } from './open.js';
import { configuredTarget, embeddedTarget } from './settings.js';

/** A Temporal server and namespace, and how to connect. Contains credentials: print only address and namespace. */
export interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  readonly connectionOptions: Pick<NativeConnectionOptions, 'address' | 'apiKey' | 'tls' | 'metadata'>;
  /** True for the embedded server of this data directory. */
  readonly embedded: boolean;
}

export interface ResolveOptions {
  /** Where an embedded server keeps its data. */
  readonly dataDir: string;
  /** Uses only the embedded server and ignores TEMPORAL_* and temporal.toml (demo, tests, crash matrix). */
  readonly isolated?: boolean;
  readonly environment?: TemporalEnvironment;
}

const clientMs = 5_000;
const workerMs = 30_000; // in compose the worker often starts before the server

/**
 * The Temporal server to use: the configured one (TEMPORAL_ADDRESS, profiles), else the embedded one that runs on this data.
 * @throws UserError when there is none, or when the settings contradict each other
 */
export async function resolveTemporal(options: ResolveOptions): Promise<TemporalTarget> {
  const { dataDir, isolated = false, environment = readEnvironment() } = options;
  const configured = isolated ? null : configuredTarget(environment);
  if (configured !== null) return configured;

  const embedded = await findEmbeddedServer(dataDir);
  if (embedded === null) throw noServer(dataDir);
  return embeddedTarget(dataDir);
}

/**
 * Connects a client; close it with `client.connection.close()`.
 * @throws UserError within about 5 s when the server or the namespace cannot be used
 */
export async function connectClient(target: TemporalTarget, withinMs: number = clientMs): Promise<Client> {
  try {
    const connection = await openConnection(target, withinMs);
    return new Client({ connection, namespace: target.namespace });
  } catch (err) {
    throw cannotConnect(target, err);
  }
}

/**
 * Connects for a worker, and waits up to 30 s for the server and the namespace. Close the connection after the worker has stopped.
 * @throws UserError when they cannot be used by then
 */
export async function connectWorker(target: TemporalTarget, withinMs: number = workerMs): Promise<NativeConnection> {
  try {
    // A failing native connection shuts down the installed Runtime with its redacting logger. So a client connection does the waiting.
    await waitUntilUsable(target, { withinMs, attemptMs: Math.min(withinMs, clientMs) });
    const worker = await import('@temporalio/worker'); // takes half a second, which commands without a worker avoid
    return await worker.NativeConnection.connect(target.connectionOptions);
  } catch (err) {
    throw cannotConnect(target, err);
  }
}

function noServer(dataDir: string): UserError {
  return new UserError('No Temporal server is configured, and none runs here', {
    state: `Nothing was changed. No embedded server runs on ${dataDir}.`,
    next: 'Start one with keyturn up, or set TEMPORAL_ADDRESS to a server elsewhere.',
  });
}

function cannotConnect({ address, namespace, embedded }: TemporalTarget, err: unknown): UserError {
  const { state, next } = explain(grpcCode(err), { namespace, embedded });
  return new UserError(`Temporal at ${address} cannot be used`, {
    state: `Nothing was changed. ${state}`,
    next,
    cause: err,
  });
}

function grpcCode(err: unknown): number | undefined {
  if (isGrpcServiceError(err)) return err.code;
  return err instanceof Error && isGrpcServiceError(err.cause) ? err.cause.code : undefined;
}

function explain(
  code: number | undefined,
  target: { namespace: string; embedded: boolean },
): { state: string; next: string } {
  switch (code) {
    case 5: // NOT_FOUND
      return {
        state: `It has no namespace "${target.namespace}".`,
        next: `Set TEMPORAL_NAMESPACE, or create it: temporal operator namespace create --namespace ${target.namespace}`,
      };
    case 7: // PERMISSION_DENIED
    case 16: // UNAUTHENTICATED
      return {
        state: "It refused Keyturn's credentials.",
        next: 'Check TEMPORAL_API_KEY or the client certificate, and their permissions for this namespace.',
      };
    default:
      return {
        state: 'It did not answer.',
        next: target.embedded
          ? 'Check that keyturn up still runs; its log is temporal.log in the data directory.'
          : 'Check that it runs and that TEMPORAL_ADDRESS and TEMPORAL_TLS match it; then try again.',
      };
  }
}
