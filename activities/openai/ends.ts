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

/** Age after which no request of an attempt can still be in progress: the start-to-close timeout of these activities. */
const attemptMs = 60_000;

/** Longest wait of a deletion for the last use, which cannot be read afterwards. */
const headStartMs = 300;

export interface OpenAiContext {
  readonly deps: OpenAiDeps;
  readonly client: OpenAiClient;
  readonly ref: VersionRef;
}

export async function deleteKey(deps: OpenAiDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  await requireProof(store, ref);
  const { providerId, adopted, compromised, state } = await store.read(ref);
  if (providerId === null && adopted) throw cannotAttribute(ref);
  const context = { deps, client: new OpenAiClient(await deps.account(ref.credential)), ref };
  await store.note(ref, { provider: 'unknown' });
  const attempts = (await store.intents(ref.credential)).filter(({ version }) => version === ref.number);
  const keys = await deleteOwn(context, { providerId, compromised, state }, attempts);
  if (compromised && providerId !== null) await noteLastUse(store, ref, ownKeys(keys, providerId));
  // Last: the values of lost attempts are lost, and a leaked key must not wait for their deletion.
  const unsettled = attempts.filter(({ outcome }) => outcome === 'open');
  await sweep(context, unsettled, compromised);
}

async function deleteOwn(
  context: OpenAiContext,
  { providerId, compromised, state }: Pick<Version, 'providerId' | 'compromised' | 'state'>,
  attempts: readonly Intent[],
): Promise<ProjectKey[]> {
  const { account, key } = parseProviderId(providerId);
  const isWhole =
    account !== null && (key === null || (state === 'discarding' && (await wasMadeBy(context, attempts, account))));
  return isWhole
    ? deleteAccounts(context, [account], { compromised })
    : deleteOne(context, { account, key, compromised });
}

/** Deletes the orphans of attempts, found by their labels. The labels are unique, and the values are lost. */
export async function sweep(context: OpenAiContext, attempts: readonly Intent[], compromised = false): Promise<void> {
  if (attempts.length === 0) return;
  const { client } = context;
  const labels = attempts.map(({ label }) => label);
  const accounts = (await client.accounts()).filter(({ name }) => labels.includes(name));
  const listed = await client.keys();
  const keys = listed.filter(({ name }) => labels.includes(name ?? ''));
  await deleteAccounts(
    context,
    accounts.map(({ id }) => id),
    { listed, compromised },
  );
  for (const { id: key, owner } of keys)
    await deleteOne(context, { account: owner.service_account?.id ?? null, key, compromised: false });
  const orphans = [...accounts, ...keys].map(({ name }) => name ?? '');
  await settle(context, attempts, orphans);
}

/** Settles attempts whose orphans are no longer listed, and old attempts that left none. `orphans`: labels of deleted ones. */
async function settle(
  { deps, client }: OpenAiContext,
  attempts: readonly Intent[],
  orphans: readonly string[],
): Promise<void> {
  const lists = orphans.length === 0 ? [] : [...(await client.accounts()), ...(await client.keys())];
  const listed = lists.map(({ name }) => name ?? '');
  for (const { nonce, label, at } of attempts) {
    if (listed.includes(label)) continue;
    if (orphans.includes(label)) await deps.store.settle({ nonce }, 'deleted');
    else if (Date.now() - at > attemptMs) await deps.store.settle({ nonce }, 'nothing-made');
  }
  if (orphans.some((label) => listed.includes(label))) throw passing('OpenAI still lists a key that it deleted');
}

/** Deletes service accounts with their only key, under the fence of `ref`. Returns the project's keys from before the deletion. */
export async function deleteAccounts(
  { deps, client, ref }: OpenAiContext,
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
  /** Null where no key was created. */
  readonly key: string | null;
  readonly compromised: boolean;
}

/** Deletes one key. For a leaked one it returns the project's keys from before, which may delay the deletion only a little. */
export async function deleteOne(context: OpenAiContext, { account, key, compromised }: One): Promise<ProjectKey[]> {
  const { deps, client, ref } = context;
  if (key === null) return [];
  await requireFence(deps.store, ref);
  const listed = compromised ? client.keys().catch(() => []) : [];
  await Promise.race([listed, delay(headStartMs)]);
  if (!(await client.deleteKey(key)) && account !== null)
    await deleteWithAccount(context, { account, key, compromised });
  return listed;
}

interface Whole extends One {
  readonly account: string;
}

/** An older API deletes keys only with their whole service account. Refused where that would delete a key that is not compromised. */
async function deleteWithAccount(
  { deps: { store }, client, ref }: OpenAiContext,
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
  // Recorded without the key, so that the next version gets its own account.
  for (const { credential, number, providerId } of versions)
    if (credential === ref.credential && parseProviderId(providerId).account === account)
      await store.note({ ...ref, number }, { providerId: accountId(account) });
  throw cannotDeleteOne(account, others);
}

/** Whether the account was created with the version's key: its name is the label of one of the version's attempts. */
async function wasMadeBy({ client }: OpenAiContext, attempts: readonly Intent[], account: string): Promise<boolean> {
  const labels = attempts.map(({ label }) => label);
  return (await client.accounts()).some(({ id, name }) => id === account && labels.includes(name));
}

/** Records the last use of a deleted key, from a list that was read before: a deleted key is no longer listed. */
async function noteLastUse(store: Store, ref: VersionRef, keys: readonly ProjectKey[]): Promise<void> {
  const uses = keys.map(({ last_used_at }) => last_used_at ?? 0);
  const newest = Math.max(0, ...uses);
  await recordFinding(store, ref, lastUseFinding('OpenAI', newest > 0 ? newest : null));
}

/** Keys whose owner cannot be read. */
function strangeIn(keys: readonly ProjectKey[]): ProjectKey[] {
  return keys.filter(({ owner }) => owner.type === nobodyKnows);
}

function refuseSeveral(account: string, keys: readonly ProjectKey[]): void {
  if (keys.length > 1) throw cannotDeleteOne(account, keys);
}

function cannotDeleteOne(account: string, keys: readonly ProjectKey[]): Error {
  const ids = keys.map(({ id }) => id).join(', ');
  return needsDecision(
    `service account ${account} holds other keys (${ids}), and OpenAI would delete all of them: ` +
      'first delete the unused ones at OpenAI, or give their users another account',
  );
}

function cannotAttribute({ credential, number }: VersionRef): Error {
  return needsDecision(
    `version ${number} of ${credential} was adopted, and its key at OpenAI is unknown: type the id of the key`,
  );
}
