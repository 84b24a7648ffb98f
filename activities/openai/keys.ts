import type { VersionRef } from '../../src/domain/version.js';
import type { Intent } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { found, presentFence, presentProof } from '../shared/guard.js';
import { discard, hasValue, keepOrUnmake, openIntents } from '../shared/keeping.js';
import { saidNo } from '../shared/outside-error.js';
import { needsDecision, permanent } from '../shared/patience.js';
import { lastUseFinding } from '../shared/usage.js';
import type { OpenAiDeps } from './activities.js';
import { OpenAiClient } from './client.js';
import type { CreatedServiceAccount, ProjectKey } from './schemas.js';

/** After this no request of an earlier attempt is under way any more: the start-to-close timeout of these activities. */
const attemptMs = 60_000;

export async function createKey(deps: OpenAiDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  if (await hasValue(store, ref)) return;
  const client = new OpenAiClient(await deps.account(ref.credential));
  const intent = await store.intend(ref); // from here on no earlier attempt can keep what it made
  const earlier = (await openIntents(store, ref)).filter(({ nonce }) => nonce !== intent.nonce);
  await sweep({ deps, client, ref }, earlier);
  await presentFence(store, ref);
  await keep({ deps, client, ref }, intent, await makeAccount({ deps, client, ref }, intent));
}

export async function deleteKey(deps: OpenAiDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  await presentProof(store, ref);
  const { providerId, adopted, compromised } = await store.read(ref);
  if (providerId === null && adopted) throw cannotAttribute(ref);
  const client = new OpenAiClient(await deps.account(ref.credential));
  await store.note(ref, { provider: 'unknown' });
  const own = (await openIntents(store, ref)).filter(({ version }) => version === ref.number);
  await sweep({ deps, client, ref }, own);
  const { kind, id } = parseProviderId(providerId);
  if (kind === 'service_account') {
    const keys = await deleteAccounts({ deps, client, ref }, [id]);
    if (compromised) await noteLastUse(store, ref, keysOf(keys, id));
  }
  if (kind === 'api_key') {
    await presentFence(store, ref);
    const listed = compromised ? client.keys().catch(() => []) : []; // beside the deletion, which waits for nobody
    await client.deleteKey(id);
    if (compromised)
      await noteLastUse(
        store,
        ref,
        (await listed).filter((key) => key.id === id),
      );
  }
}

/** A deleted key is not listed any more, so this is the last that is seen of its uses. Recording never delays a revocation. */
async function noteLastUse(store: Store, ref: VersionRef, keys: readonly ProjectKey[]): Promise<void> {
  const uses = keys.map(({ last_used_at }) => last_used_at ?? 0);
  const newest = Math.max(0, ...uses);
  await found(store, ref, lastUseFinding('OpenAI', newest > 0 ? newest : null));
}

export async function identifyKey({ store, account }: OpenAiDeps, ref: VersionRef): Promise<void> {
  const client = new OpenAiClient(await account(ref.credential));
  const value = (await store.unseal(ref))['key'] ?? '';
  const keys = await client.keys();
  const fitting = keys.filter((key) => fits(key.redacted_value, value));
  const [found] = fitting;
  if (!found || fitting.length > 1) throw notOneMatch(fitting.map(({ id }) => id));
  const owner = found.owner.service_account?.id;
  if (owner === undefined) return store.note(ref, { providerId: `api_key/${found.id}` });
  refuseSeveral(owner, keysOf(keys, owner));
  await store.note(ref, { providerId: `service_account/${owner}` });
}

/** `service_account/<id>` or `api_key/<id>`, as kept with a version; `none` while nothing is known. */
export function parseProviderId(providerId: string | null): { kind: string; id: string } {
  const [, kind = 'none', id = ''] = /^(service_account|api_key)\/(.+)$/.exec(providerId ?? '') ?? [];
  return { kind, id };
}

export function keysOf(keys: readonly ProjectKey[], account: string): ProjectKey[] {
  return keys.filter(({ owner }) => owner.service_account?.id === account);
}

interface Work {
  readonly deps: OpenAiDeps;
  readonly client: OpenAiClient;
  readonly ref: VersionRef;
}

/** Deletes what the attempts made, found by their labels: nobody else gives those names, and the values are lost. */
async function sweep({ deps, client, ref }: Work, attempts: readonly Intent[]): Promise<void> {
  if (attempts.length === 0) return;
  const labels = attempts.map(({ label }) => label);
  const made = (await client.accounts()).filter(({ name }) => labels.includes(name));
  await deleteAccounts(
    { deps, client, ref },
    made.map(({ id }) => id),
  );
  for (const { nonce, label, at } of attempts) {
    if (made.some(({ name }) => name === label)) await deps.store.settle({ nonce }, 'deleted');
    else if (Date.now() - at > attemptMs) await deps.store.settle({ nonce }, 'nothing-made');
  }
}

/** Deletes service accounts, each with its one key, under the fence of `ref`. Returns the project's keys as they were before. */
export async function deleteAccounts(
  { deps, client, ref }: Work,
  accounts: readonly string[],
): Promise<readonly ProjectKey[]> {
  if (accounts.length === 0) return [];
  const keys = await client.keys();
  for (const account of accounts) refuseSeveral(account, keysOf(keys, account));
  for (const account of accounts) {
    await presentFence(deps.store, ref);
    await client.deleteAccount(account);
  }
  return keys;
}

async function makeAccount({ deps, client }: Work, intent: Intent): Promise<CreatedServiceAccount> {
  try {
    return await client.createAccount(intent.label);
  } catch (error) {
    if (saidNo(error)) await deps.store.settle(intent, 'nothing-made');
    throw error;
  }
}

async function keep(
  { deps: { store }, client, ref }: Work,
  intent: Intent,
  made: CreatedServiceAccount,
): Promise<void> {
  const unmake = (): Promise<void> => client.deleteAccount(made.id);
  const key = made.api_key?.value;
  if (key === undefined) {
    await discard(store, { intent, unmake });
    throw permanent('Rejected', 'OpenAI made a service account without a key, which was deleted again');
  }
  const kept = { providerId: `service_account/${made.id}`, parts: { key } };
  await keepOrUnmake(store, ref, { intent, made: kept, unmake });
}

/** `sk-abc...wxyz`: what is shown of a value is its beginning and its end. */
function fits(redacted: string, value: string): boolean {
  const [start = '', end = '', more] = redacted.split(/\.{2,}|\*+|…/);
  const shown = start.length + end.length;
  return more === undefined && shown > 0 && shown <= value.length && value.startsWith(start) && value.endsWith(end);
}

/** OpenAI deletes a service account's keys all together or not at all. */
function refuseSeveral(account: string, keys: readonly ProjectKey[]): void {
  if (keys.length <= 1) return;
  const ids = keys.map(({ id }) => id).join(', ');
  throw needsDecision(
    `service account ${account} holds ${keys.length} keys (${ids}), and OpenAI cannot delete one of several: ` +
      'give the other users an account of their own first',
  );
}

function cannotAttribute({ credential, number }: VersionRef): Error {
  return needsDecision(
    `version ${number} of ${credential} was adopted and cannot be attributed: type the id of its key at OpenAI`,
  );
}

function notOneMatch(ids: readonly string[]): Error {
  return needsDecision(
    ids.length === 0
      ? 'no key of the OpenAI project looks like the adopted value: is it in another project?'
      : `several keys of the OpenAI project look like the adopted value: ${ids.join(', ')}`,
  );
}
