import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { descriptorOf } from '../../../workers/descriptor.js';
import type { Config } from '../../config/schema.js';
import type { ProcedureDescriptor } from '../../domain/procedure.js';
import type { VersionRef } from '../../domain/version.js';
import { UserError } from '../../domain/user-error.js';
import { didYouMean } from '../../config/nearest.js';
import type { CredentialRow } from '../../store/records.js';
import type { Session } from './session.js';
import { connectClient, resolveTemporal, type TemporalTarget } from '../../temporal/connect.js';
import { findEmbeddedServer } from '../../temporal/embedded.js';
import { NotReachable, UsageError } from './refusals.js';

/** @throws UsageError when the configuration has no such credential */
export function knownCredential(config: Config, credential: string): ProcedureDescriptor {
  try {
    return descriptorOf(config, credential);
  } catch (error) {
    throw error instanceof UserError ? new UsageError(error.message, error) : error;
  }
}

/** A credential that the store has, whether or not the configuration does. Throws a UsageError when it has none of that name. */
export async function storedCredential({ store }: Pick<Session, 'store'>, name: string): Promise<CredentialRow> {
  const rows = await store.credentials();
  const row = rows.find((each) => each.name === name);
  if (row) return row;
  const known = rows.map((each) => each.name);
  throw new UsageError(`The store has no credential "${name}"${didYouMean(name, known)}`, {
    state: 'Nothing was changed.',
    next: 'See which there are: keyturn status',
  });
}

/** @throws UsageError when a value has to be adopted before the first rotation, and none was */
export function requireAdopted(
  { needsAdoption }: ProcedureDescriptor,
  credential: string,
  current: VersionRef | null,
): void {
  if (!needsAdoption || current) return;
  throw new UsageError(`Nothing was adopted for ${credential}`, {
    state: 'Nothing was started. The engine would lose the value that is in force, and it could not be put back.',
    next: `Give the value first: keyturn adopt ${credential}`,
  });
}

interface Reached {
  /** Close it with `client.connection.close()`. */
  readonly client: Client;
  readonly target: TemporalTarget;
}

/** Connects to the configured Temporal server, else to the embedded one. Throws NotReachable when there is none, or it cannot be used. */
export async function reachTemporal({ data }: Pick<Config, 'data'>): Promise<Reached> {
  try {
    const target = await resolveTemporal({ dataDir: data });
    return { client: await connectClient(target), target };
  } catch (error) {
    throw error instanceof UserError ? new NotReachable(error.message, error) : error;
  }
}

/** The same for an action that can do without a server. `silence` says why there is none. */
export async function reachIfThere(
  config: Pick<Config, 'data'>,
): Promise<
  { readonly client: Client; readonly silence: null } | { readonly client: null; readonly silence: NotReachable }
> {
  try {
    return { client: (await reachTemporal(config)).client, silence: null };
  } catch (error) {
    if (error instanceof NotReachable) return { client: null, silence: error };
    throw error;
  }
}

const serverWaitMs = 30_000; // both are often started together

/** The configured Temporal server, or else the embedded one, for which this waits up to 30 s. Throws NotReachable. */
export async function waitForTemporal({ data }: Pick<Config, 'data'>): Promise<TemporalTarget> {
  for (const deadline = Date.now() + serverWaitMs; ; await sleep(250)) {
    try {
      return await resolveTemporal({ dataDir: data });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (Date.now() > deadline) throw new NotReachable(error.message, error);
    }
  }
}

const serverPollMs = 2_000;

/** Resolves when the embedded server at this address is gone; one that is started later has another address. */
export async function embeddedServerGone({ data }: Pick<Config, 'data'>, { address }: TemporalTarget): Promise<void> {
  while ((await findEmbeddedServer(data))?.address === address) await sleep(serverPollMs);
}

const pollMs = 70_000; // a worker's poll stays open for up to 60 s, and the next one follows at once

/** How many workers polled a task queue for workflows lately. One that died counts for a minute more. */
export async function workersOf(client: Client, queue: string): Promise<number> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: queue },
    taskQueueType: 1, // TASK_QUEUE_TYPE_WORKFLOW
  });
  const oldest = Date.now() - pollMs;
  return (pollers ?? []).filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > oldest).length;
}
