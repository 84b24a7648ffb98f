import { setTimeout as delay } from 'node:timers/promises';
import type { VersionRef } from '../../src/domain/version.js';
import type { Intent, Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding, requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision, passing } from '../shared/failures.js';
import { lastUseFinding } from '../shared/usage.js';
import type { OpenAiDeps } from './activities.js';
import { OpenAiClient } from './client.js';
import { accountId, keysOf, ownKeys, parseProviderId } from './ids.js';
import { nobodyKnows, type ProjectKey } from './schemas.js';

/** After this no request of an earlier attempt is under way any more: the start-to-close timeout of these activities. */
const attemptMs = 60_000;

/** What a deletion waits at most for the last use, which nobody can read afterwards. */
const headStartMs = 300;

export interface OpenAiWork {
  readonly deps: OpenAiDeps;
  readonly client: OpenAiClient;
  readonly ref: VersionRef;
}

export async function deleteKey(deps: OpenAiDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  await requireProof(store, ref);
  const { providerId, adopted, compromised, state } = await store.read(ref);
  if (providerId === null && adopted) throw cannotAttribute(ref);
  const work = { deps, client: new OpenAiClient(await deps.account(ref.credential)), ref };
  await store.note(ref, { provider: 'unknown' });
  const attempts = (await store.intents(ref.credential)).filter(({ version }) => version === ref.number);
  const keys = await deleteOwn(work, { providerId, compromised, state }, attempts);
  if (compromised && providerId !== null) await noteLastUse(store, ref, ownKeys(keys, providerId));
  // Last: nobody has what lost attempts made, and a leaked key does not wait for it.
  const open = attempts.filter(({ outcome }) => outcome === 'open');
  await sweep(work, open, compromised);
}

async function deleteOwn(
  work: OpenAiWork,
  { providerId, compromised, state }: Pick<Version, 'providerId' | 'compromised' | 'state'>,
  attempts: readonly Intent[],
): Promise<ProjectKey[]> {
  const { account, key } = parseProviderId(providerId);
  const isWhole =
    account !== null && (key === null || (state === 'discarding' && (await wasMadeBy(work, attempts, account))));
  return isWhole ? deleteAccounts(work, [account], { compromised }) : deleteOne(work, { account, key, compromised });
}

/** Deletes what the attempts made, found by their labels: nobody else gives those names, and the values are lost. */
export async function sweep(work: OpenAiWork, attempts: readonly Intent[], compromised = false): Promise<void> {
  if (attempts.length === 0) return;
  const { client } = work;
  const labels = attempts.map(({ label }) => label);
  const accounts = (await client.accounts()).filter(({ name }) => labels.includes(name));
  const listed = await client.keys();
  const keys = listed.filter(({ name }) => labels.includes(name ?? ''));
  await deleteAccounts(
    work,
    accounts.map(({ id }) => id),
    { listed, compromised },
  );
  for (const { id: key, owner } of keys)
    await deleteOne(work, { account: owner.service_account?.id ?? null, key, compromised: false });
  const made = [...accounts, ...keys].map(({ name }) => name ?? '');
  await settle(work, attempts, made);
}

/** Believes a deletion when the lists do not show any more what was made. */
async function settle(
  { deps, client }: OpenAiWork,
  attempts: readonly Intent[],
  made: readonly string[],
): Promise<void> {
  const lists = made.length === 0 ? [] : [...(await client.accounts()), ...(await client.keys())];
  const still = lists.map(({ name }) => name ?? '');
  for (const { nonce, label, at } of attempts) {
    if (still.includes(label)) continue;
    if (made.includes(label)) await deps.store.settle({ nonce }, 'deleted');
    else if (Date.now() - at > attemptMs) await deps.store.settle({ nonce }, 'nothing-made');
  }
  if (made.some((label) => still.includes(label))) throw passing('OpenAI still lists what it deleted');
}

/** Deletes service accounts, each with its one key, under the fence of `ref`. Returns the project's keys as they were before. */
export async function deleteAccounts(
  { deps, client, ref }: OpenAiWork,
  accounts: readonly string[],
  { listed, compromised = false }: { readonly listed?: ProjectKey[]; readonly compromised?: boolean } = {},
): Promise<ProjectKey[]> {
  if (accounts.length === 0) return [];
  const keys = listed ?? (await client.keys());
  for (const account of accounts)
    refuseSeveral(account, [...keysOf(keys, account), ...(compromised ? [] : strangeIn(keys))]);
  for (const account of accounts) {
    await requireFence(deps.store, ref);
    await client.deleteAccount(account);
  }
  return keys;
}

interface One {
  /** Null for a person's key. */
  readonly account: string | null;
  /** Null where nothing was made. */
  readonly key: string | null;
  readonly compromised: boolean;
}

/** Deletes one key. Returns, for one that leaked, the project's keys as they were before: a deletion hardly waits for that. */
export async function deleteOne(work: OpenAiWork, { account, key, compromised }: One): Promise<ProjectKey[]> {
  const { deps, client, ref } = work;
  if (key === null) return [];
  await requireFence(deps.store, ref);
  const listed = compromised ? client.keys().catch(() => []) : [];
  await Promise.race([listed, delay(headStartMs)]);
  if (!(await client.deleteKey(key)) && account !== null) await deleteWithAccount(work, { account, key, compromised });
  return listed;
}

interface Whole extends One {
  readonly account: string;
}

/** An older OpenAI deletes the keys of a service account with it alone: all of them, so only where nothing that is sound goes along. */
async function deleteWithAccount(
  { deps: { store }, client, ref }: OpenAiWork,
  { account, key, compromised }: Whole,
): Promise<void> {
  const versions = await store.versions();
  const going = versions
    .filter(({ compromised }) => compromised)
    .map(({ providerId }) => parseProviderId(providerId).key);
  const listed = await client.keys();
  const suspects = [...keysOf(listed, account), ...(compromised ? [] : strangeIn(listed))];
  const others = suspects.filter(({ id }) => id !== key && !going.includes(id));
  if (others.length === 0) {
    await requireFence(store, ref);
    return client.deleteAccount(account);
  }
  // Kept, so that the next version gets an account of its own.
  for (const { credential, number, providerId } of versions)
    if (credential === ref.credential && parseProviderId(providerId).account === account)
      await store.note({ ...ref, number }, { providerId: accountId(account) });
  throw cannotDeleteOne(account, others);
}

/** Whether the account came with the version's first key: its name is the label of one of its attempts. */
async function wasMadeBy({ client }: OpenAiWork, attempts: readonly Intent[], account: string): Promise<boolean> {
  const labels = attempts.map(({ label }) => label);
  return (await client.accounts()).some(({ id, name }) => id === account && labels.includes(name));
}

/** A deleted key is not listed any more, so this is the last that is seen of its uses. Recording never delays a revocation. */
async function noteLastUse(store: Store, ref: VersionRef, keys: readonly ProjectKey[]): Promise<void> {
  const uses = keys.map(({ last_used_at }) => last_used_at ?? 0);
  const newest = Math.max(0, ...uses);
  await recordFinding(store, ref, lastUseFinding('OpenAI', newest > 0 ? newest : null));
}

/** Keys that may be anybody's. */
function strangeIn(keys: readonly ProjectKey[]): ProjectKey[] {
  return keys.filter(({ owner }) => owner.type === nobodyKnows);
}

function refuseSeveral(account: string, keys: readonly ProjectKey[]): void {
  if (keys.length > 1) throw cannotDeleteOne(account, keys);
}

function cannotDeleteOne(account: string, keys: readonly ProjectKey[]): Error {
  const ids = keys.map(({ id }) => id).join(', ');
  return needsDecision(
    `service account ${account} holds other keys (${ids}), and it would be deleted as a whole: ` +
      'delete what nobody uses at OpenAI, or give the other users an account of their own first',
  );
}

function cannotAttribute({ credential, number }: VersionRef): Error {
  return needsDecision(
    `version ${number} of ${credential} was adopted and cannot be attributed: type the id of its key at OpenAI`,
  );
}
