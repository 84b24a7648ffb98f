import { whyNotDestroy } from '../../src/domain/destruction.js';
import { isLive, type VersionRef } from '../../src/domain/version.js';
import type { Intent, Version } from '../../src/store/records.js';
import { requireFence } from '../shared/fencing.js';
import { hasValue, storeOrRevoke, openIntents } from '../shared/keeping.js';
import { OutsideError, saidNo } from '../shared/outside-error.js';
import { needsDecision, passing, permanent } from '../shared/failures.js';
import type { AwsDeps } from './activities.js';
import type { ListedKey, Pair } from './client.js';
import { sweepLost, type AwsContext, contextOf } from './lost.js';

/** Most keys of a user, including inactive ones. */
export const quota = 2;

export async function createKey(deps: AwsDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  if (await hasValue(store, ref)) return;
  const context = await contextOf(deps, ref);
  const listed = await context.client.keys();
  const seen = listed.map(({ id }) => id);
  const intent = await store.intend(ref, seen); // from here on no earlier attempt can store its key
  const earlier = (await openIntents(store, ref)).filter(({ nonce }) => nonce !== intent.nonce);
  const left = await makeRoom(context, listed, earlier).catch(async (error: unknown) => {
    await store.settle(intent, 'nothing-made');
    throw error;
  });
  await requireFence(store, ref);
  const { id, secret } = await make(context, intent, left);
  const revoke = async (): Promise<boolean> => {
    await context.client.deleteKey(id);
    return !(await context.client.keys()).some((key) => key.id === id);
  };
  await storeOrRevoke(store, ref, { intent, created: { providerId: id, parts: { id, secret } }, revoke });
  // The key of a lost request that arrived after the list was read is listed by now.
  if (earlier.length > 0)
    await sweepLost(context, { attempts: await openIntents(store, ref), listed: await context.client.keys() });
}

export async function identifyKey({ store, account }: AwsDeps, ref: VersionRef): Promise<void> {
  const { client, connection } = await contextOf({ store, account }, ref);
  const { id = '' } = await store.unseal(ref);
  if (!(await client.keys()).some((key) => key.id === id))
    throw needsDecision(`${id} is not an access key of ${connection.user}: it may belong to another user`);
  await store.note(ref, { providerId: id });
}

/**
 * Deletes orphans and ended versions of ours. Returns the remaining keys.
 * @throws ApplicationFailure of type NeedsDecision when they fill every slot
 */
async function makeRoom(
  context: AwsContext,
  listed: readonly ListedKey[],
  attempts: readonly Intent[],
): Promise<ListedKey[]> {
  const { deps, client, ref, connection } = context;
  const { store } = deps;
  const left: ListedKey[] = [];
  const versions = await store.versions();
  for (const key of await sweepLost(context, { attempts, listed })) {
    const version = versions.find(({ providerId }) => providerId === key.id);
    if (!version || !(await isOver(context, version, key))) left.push(key);
    else {
      await requireFence(store, ref);
      await client.deleteKey(key.id);
    }
  }
  if (left.length < quota) return left;
  const names = left.map(({ id, active, createdAt }) => {
    const version = versions.find(({ providerId }) => providerId === id);
    const whose = version ? `version ${version.number}, which is ${version.state}` : 'not created by Keyturn';
    return `${id} (${whose}; ${active ? 'active' : 'inactive'}, created ${createdAt?.toISOString().slice(0, 10) ?? 'at an unknown time'})`;
  });
  throw needsDecision(
    `${connection.user} has ${left.length} access keys, and AWS allows no more: ${names.join(', ')}. Keyturn deletes no key that may have a user: delete one that has none`,
  );
}

/** Whether a version's remaining key can be deleted: it was never used, is inactive and retired, or is compromised. */
async function isOver({ deps: { store } }: AwsContext, version: Version, { active }: ListedKey): Promise<boolean> {
  if (version.state === 'retired') return !active || version.compromised;
  if (!isLive(version.state)) return true;
  if (version.state !== 'discarding') return false;
  const victim = { ...version, evidence: await store.evidence(version) };
  return whyNotDestroy({ victim, successor: null, now: Date.now() }) === null;
}

async function make(
  { deps: { store }, client }: AwsContext,
  intent: Intent,
  left: readonly ListedKey[],
): Promise<Pair> {
  try {
    return await client.createKey();
  } catch (error) {
    if (saidNo(error)) await store.settle(intent, 'nothing-made');
    const full = error instanceof OutsideError && error.code === 'LimitExceededException';
    if (full)
      throw left.length < quota
        ? passing('AWS counts a key that it does not list yet')
        : permanent('Rejected', `AWS allows only ${quota} access keys for a user: delete an unused one`);
    throw error;
  }
}
