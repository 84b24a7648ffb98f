import { whyNotDestroy } from '../../src/domain/destruction.js';
import { isLive, type VersionRef } from '../../src/domain/version.js';
import type { Intent, Version } from '../../src/store/records.js';
import { requireFence } from '../shared/fencing.js';
import { hasValue, storeOrRevoke, openIntents } from '../shared/keeping.js';
import { OutsideError, saidNo } from '../shared/outside-error.js';
import { needsDecision, passing, permanent } from '../shared/failures.js';
import type { AwsDeps } from './activities.js';
import type { ListedKey, Pair } from './client.js';
import { sweepLost, type AwsWork, workOn } from './lost.js';

/** The most keys that a user may have, those that are switched off included. */
export const quota = 2;

export async function createKey(deps: AwsDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  if (await hasValue(store, ref)) return;
  const work = await workOn(deps, ref);
  const listed = await work.client.keys();
  const seen = listed.map(({ id }) => id);
  const intent = await store.intend(ref, seen); // from here on no earlier attempt can keep what it made
  const earlier = (await openIntents(store, ref)).filter(({ nonce }) => nonce !== intent.nonce);
  const left = await makeRoom(work, listed, earlier).catch(async (error: unknown) => {
    await store.settle(intent, 'nothing-made');
    throw error;
  });
  await requireFence(store, ref);
  const { id, secret } = await make(work, intent, left);
  const revoke = async (): Promise<boolean> => {
    await work.client.deleteKey(id);
    return !(await work.client.keys()).some((key) => key.id === id);
  };
  await storeOrRevoke(store, ref, { intent, made: { providerId: id, parts: { id, secret } }, revoke });
  // What a lost request made after the list was taken has shown up by now, if it has arrived.
  if (earlier.length > 0)
    await sweepLost(work, { attempts: await openIntents(store, ref), listed: await work.client.keys() });
}

export async function identifyKey({ store, account }: AwsDeps, ref: VersionRef): Promise<void> {
  const { client, connection } = await workOn({ store, account }, ref);
  const { id = '' } = await store.unseal(ref);
  if (!(await client.keys()).some((key) => key.id === id))
    throw needsDecision(`${id} is no access key of ${connection.user}: is it another user's?`);
  await store.note(ref, { providerId: id });
}

/** Clears away what is ours and over. Returns the keys that are left; throws NeedsDecision when they take every place. */
async function makeRoom(
  work: AwsWork,
  listed: readonly ListedKey[],
  attempts: readonly Intent[],
): Promise<ListedKey[]> {
  const { deps, client, ref, connection } = work;
  const { store } = deps;
  const left: ListedKey[] = [];
  const versions = await store.versions();
  for (const key of await sweepLost(work, { attempts, listed })) {
    const version = versions.find(({ providerId }) => providerId === key.id);
    if (!version || !(await isOver(work, version, key))) left.push(key);
    else {
      await requireFence(store, ref);
      await client.deleteKey(key.id);
    }
  }
  if (left.length < quota) return left;
  const names = left.map(({ id, active, createdAt }) => {
    const version = versions.find(({ providerId }) => providerId === id);
    const whose = version ? `version ${version.number}, which is ${version.state}` : 'not made by Keyturn';
    return `${id} (${whose}; ${active ? 'active' : 'inactive'}, made ${createdAt?.toISOString().slice(0, 10) ?? 'at an unknown time'})`;
  });
  throw needsDecision(
    `${connection.user} has ${left.length} access keys, and AWS allows no more: ${names.join(', ')}. Keyturn deletes none that may be somebody's`,
  );
}

/** What is still there of a version that was never to be used, is switched off and ended, or has leaked is a leftover. */
async function isOver({ deps: { store } }: AwsWork, version: Version, { active }: ListedKey): Promise<boolean> {
  if (version.state === 'retired') return !active || version.compromised;
  if (!isLive(version.state)) return true;
  if (version.state !== 'discarding') return false;
  const victim = { ...version, evidence: await store.evidence(version) };
  return whyNotDestroy({ victim, successor: null, now: Date.now() }) === null;
}

async function make({ deps: { store }, client }: AwsWork, intent: Intent, left: readonly ListedKey[]): Promise<Pair> {
  try {
    return await client.createKey();
  } catch (error) {
    if (saidNo(error)) await store.settle(intent, 'nothing-made');
    const full = error instanceof OutsideError && error.code === 'LimitExceededException';
    if (full)
      throw left.length < quota
        ? passing('AWS counts a key that it does not list yet')
        : permanent('Rejected', `AWS allows ${quota} access keys for a user`);
    throw error;
  }
}
