import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding } from '../shared/evidence.js';
import { type LastUse, seenInUse, switchTime, unusedSince } from '../shared/usage.js';
import type { AwsDeps } from './activities.js';
import type { AwsClient, AwsConnection } from './client.js';
import { contextOf } from './lost.js';
import { isForbidden } from './refusals.js';

const name = 'AWS';

export async function sawUse(deps: AwsDeps, ref: VersionRef): Promise<Finding> {
  const { connection, lastUsed } = await readUsage(deps, ref);
  return seenInUse({ name, lastUsed, ...connection }, deps.store, ref);
}

export async function isIdle(deps: AwsDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const { connection, lastUsed, readAt } = await readUsage(deps, ref);
  const usage = { name, lastUsed, readAt, switchedAt: await switchTime(store, ref.credential), ...connection };
  return recordFinding(store, ref, await unusedSince(usage, store, ref));
}

interface UsageReading {
  readonly connection: AwsConnection;
  readonly lastUsed: LastUse;
  /** By AWS's clock, Unix seconds. */
  readonly readAt: number | undefined;
}

async function readUsage(deps: AwsDeps, ref: VersionRef): Promise<UsageReading> {
  const { client, connection } = await contextOf(deps, ref);
  const { providerId: id } = await deps.store.read(ref);
  const lastUsed = id === null ? 'its id at AWS is unknown' : await lastUse(client, id);
  return { connection, lastUsed, readAt: client.providerTime };
}

async function lastUse(client: AwsClient, id: string): Promise<LastUse> {
  try {
    const at = await client.lastUsed(id);
    return at === undefined ? 'AWS does not list it' : at;
  } catch (error) {
    if (isForbidden(error)) return 'Keyturn has no permission to read its last use (iam:GetAccessKeyLastUsed)';
    throw error;
  }
}
