import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { found } from '../shared/guard.js';
import { type LastUse, seenInUse, switchTime, unusedSince } from '../shared/usage.js';
import type { AwsDeps } from './activities.js';
import { workOn } from './lost.js';
import { isForbidden } from './refusals.js';

const name = 'AWS';

export async function sawUse(deps: AwsDeps, ref: VersionRef): Promise<Finding> {
  const connection = await deps.account(ref.credential);
  return seenInUse({ name, lastUsed: await lastUse(deps, ref), ...connection }, deps.store, ref);
}

export async function isIdle(deps: AwsDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const usage = { name, lastUsed: await lastUse(deps, ref), switchedAt: await switchTime(store, ref.credential) };
  return found(store, ref, await unusedSince(usage, store, ref));
}

async function lastUse(deps: AwsDeps, ref: VersionRef): Promise<LastUse> {
  const { providerId: id } = await deps.store.read(ref);
  if (id === null) return 'its id at AWS is not known';
  const { client } = await workOn(deps, ref);
  try {
    const at = await client.lastUsed(id);
    return at === undefined ? 'AWS does not list it' : at;
  } catch (error) {
    if (isForbidden(error)) return 'Keyturn may not ask when it was used last (iam:GetAccessKeyLastUsed)';
    throw error;
  }
}
