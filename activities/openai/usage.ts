import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import { recordFinding } from '../shared/evidence.js';
import { type LastUse, seenInUse, switchTime, unusedSince } from '../shared/usage.js';
import type { OpenAiDeps } from './activities.js';
import { OpenAiClient } from './client.js';
import { ownKeys } from './ids.js';

const name = 'OpenAI';

export async function sawUse({ store, account }: OpenAiDeps, ref: VersionRef): Promise<Finding> {
  const connection = await account(ref.credential);
  const lastUsed = await lastUse(new OpenAiClient(connection), await store.read(ref));
  return seenInUse({ name, lastUsed, ...connection }, store, ref);
}

export async function isIdle(deps: OpenAiDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const connection = await deps.account(ref.credential);
  const client = new OpenAiClient(connection);
  const lastUsed = await lastUse(client, await store.read(ref));
  const read = { switchedAt: await switchTime(store, ref.credential), readAt: client.providerTime };
  return recordFinding(store, ref, await unusedSince({ name, lastUsed, ...connection, ...read }, store, ref));
}

async function lastUse(client: OpenAiClient, { providerId }: Version): Promise<LastUse> {
  const keys = await client.keys();
  const own = ownKeys(keys, providerId);
  const [key] = own;
  if (!key) return providerId === null ? 'its id at OpenAI is unknown' : 'OpenAI does not list it';
  if (own.length > 1) return 'its service account holds several keys';
  return key.last_used_at ?? null;
}
