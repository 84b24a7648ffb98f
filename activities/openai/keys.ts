import type { VersionRef } from '../../src/domain/version.js';
import type { Intent } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { requireFence } from '../shared/fencing.js';
import { discard, hasValue, storeOrRevoke, openIntents } from '../shared/keeping.js';
import { saidNo } from '../shared/outside-error.js';
import { needsDecision, permanent } from '../shared/failures.js';
import type { OpenAiDeps } from './activities.js';
import { OpenAiClient } from './client.js';
import { sweep, type OpenAiContext } from './ends.js';
import { accountId, fits, keyId, parseProviderId } from './ids.js';
import { noteEnd } from './lifetime.js';
import type { CreatedKey } from './schemas.js';

/** One account is kept, with its roles, and holds one key per version. */
export async function createKey(deps: OpenAiDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  if (await hasValue(store, ref)) return;
  const context = { deps, client: new OpenAiClient(await deps.account(ref.credential)), ref };
  const intent = await store.intend(ref); // from here on no earlier attempt can store its key
  const earlier = (await openIntents(store, ref)).filter(({ nonce }) => nonce !== intent.nonce);
  await sweep(context, earlier);
  await requireFence(store, ref);
  await keep(context, intent, await scoped(context, await make(context, intent)));
}

export async function identifyKey({ store, account }: OpenAiDeps, ref: VersionRef): Promise<void> {
  const client = new OpenAiClient(await account(ref.credential));
  const { key: value = '' } = await store.unseal(ref);
  const fitting = (await client.keys()).filter((key) => fits(key.redacted_value, value));
  const [found] = fitting;
  if (!found || fitting.length > 1) throw notOneMatch(fitting.map(({ id }) => id));
  await store.note(ref, { providerId: keyId(found) });
  await noteEnd(store, ref, found.expires_at);
}

interface Created {
  readonly account: string;
  /** Null when the account was created without a key. */
  readonly key: CreatedKey | null;
  /** The configured scopes still have to be set. */
  readonly unscoped?: boolean;
  /** True when it is shown to be gone. */
  readonly revoke: () => Promise<boolean>;
}

async function make({ deps: { store }, client, ref }: OpenAiContext, intent: Intent): Promise<Created> {
  try {
    const account = await lastingAccount(store, ref);
    const key = account === null ? null : await client.createKey(account, intent.label);
    if (account !== null && key) return { account, key, revoke: () => revokeKey(client, key.id) };
    const { id, api_key = null } = await client.createAccount(intent.label);
    return { account: id, key: api_key, unscoped: client.scopes.length > 0, revoke: () => revokeAccount(client, id) };
  } catch (error) {
    if (saidNo(error)) await store.settle(intent, 'nothing-made');
    throw error;
  }
}

async function revokeKey(client: OpenAiClient, id: string): Promise<boolean> {
  return (await client.deleteKey(id)) && !(await client.keys()).some((key) => key.id === id);
}

async function revokeAccount(client: OpenAiClient, id: string): Promise<boolean> {
  await client.deleteAccount(id);
  return !(await client.accounts()).some((account) => account.id === id);
}

/** The account of the newest version that has one. Null where none has, or where OpenAI deletes keys only with their account. */
async function lastingAccount(store: Store, { credential, number }: VersionRef): Promise<string | null> {
  const ids = (await store.versions(credential))
    .filter((version) => version.number !== number)
    .map(({ providerId }) => parseProviderId(providerId));
  const newest = ids.findLast(({ account }) => account !== null);
  return newest?.key ? newest.account : null;
}

/** Sets the scopes. After a refusal the attempt stays open, and its account is found by its label. */
async function scoped({ deps: { store }, client, ref }: OpenAiContext, created: Created): Promise<Created> {
  if (!created.unscoped || !created.key) return created;
  await requireFence(store, ref);
  await client.scopeKey(created.key.id);
  return created;
}

async function keep(
  { deps: { store }, ref }: OpenAiContext,
  intent: Intent,
  { account, key, revoke }: Created,
): Promise<void> {
  if (!key) {
    await discard(store, { intent, revoke });
    throw permanent('Rejected', 'OpenAI created a service account without a key; the account was deleted again');
  }
  const providerId = `${accountId(account)}/api_key/${key.id}`;
  await storeOrRevoke(store, ref, { intent, created: { providerId, parts: { key: key.value } }, revoke });
  await noteEnd(store, ref, key.expires_at);
}

function notOneMatch(ids: readonly string[]): Error {
  return needsDecision(
    ids.length === 0
      ? 'no key of the OpenAI project matches the adopted value: it may belong to another project'
      : `several keys of the OpenAI project match the adopted value: ${ids.join(', ')}`,
  );
}
