import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { found } from '../shared/guard.js';
import { type LastUse, seenInUse, unusedSince } from '../shared/usage.js';
import type { AwsDeps } from './activities.js';
import { workOn } from './lost.js';
import { isForbidden } from './refusals.js';

const name = 'AWS';

export async function sawUse(deps: AwsDeps, ref: VersionRef): Promise<Finding> {
  const { settlingMs } = await deps.account(ref.credential);
  return seenInUse({ name, lastUsed: await lastUse(deps, ref), settlingMs }, deps.store, ref);
}

export async function isIdle(deps: AwsDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const usage = { name, lastUsed: await lastUse(deps, ref), switchedAt: await switchTime(store, ref) };
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

/**
 * When the engine had switched at the latest, by AWS's clock: our own probe in `verify` comes after the document that went through with the
 * current key. The last use of it, in whole minutes, would say less.
 */
async function switchTime(store: Store, { credential }: VersionRef): Promise<number | undefined> {
  const current = (await store.versions(credential)).find(({ state }) => state === 'current');
  if (!current) return undefined;
  const probes = (await store.evidence(current)).filter(
    ({ kind, outcome, at }) => kind === 'accepted' && outcome === 'proved' && at <= (current.promotedAt ?? 0),
  );
  return probes[0]?.providerTime;
}
