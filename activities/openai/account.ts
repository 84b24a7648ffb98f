import { durationMs } from '../../src/domain/duration.js';
import { isWithin } from '../kit/recovery.js';
import type { Entangled, Issued, Listed, ListingAccount, Target } from '../kit/account.js';
import type { Parts } from '../kit/provider.js';
import { needsDecision } from '../shared/failures.js';
import type { LastUse } from '../shared/usage.js';
import { checkAccess } from './access.js';
import type { OpenAiClient } from './client.js';
import { accountId, fits, keyId, parseId } from './ids.js';
import { type CreatedKey, nobodyKnows, type ProjectKey, type ServiceAccount } from './schemas.js';

/**
 * One service account lasts, with its roles, and holds a key per version: `service_account/<id>/api_key/<id>`. A person's key is
 * `api_key/<id>`. A version of `service_account/<id>` ends with the whole account.
 */
export function openAiAccount(client: OpenAiClient): ListingAccount {
  return {
    propagationMs: client.propagationMs,
    usageResolutionMs: durationMs(client.section.usageResolution),
    get providerTime() {
      return client.providerTime;
    },
    list: () => list(client),
    ask: ({ key = '' }) => client.tryKey(key),
    check: (known) => checkAccess(client, known),
    issue: (label, earlier) => issue(client, label, earlier),
    revoke: (target) => revoke(client, target),
    async find({ key: value = '' }: Parts) {
      return (await client.keys()).filter((key) => fits(key.redacted_value, value)).map((key) => listedKey(key));
    },
    async lastUse(id): Promise<LastUse> {
      const { key } = parseId(id); // of a key that cannot be read, the account is unknown
      const own = (await client.keys()).filter((each) => (key === null ? isWithin(keyId(each), id) : each.id === key));
      if (own.length > 1) return 'its service account holds several keys';
      return own[0] ? (own[0].last_used_at ?? null) : 'OpenAI does not list it';
    },
  };
}

async function list(client: OpenAiClient): Promise<Listed[]> {
  const [keys, accounts] = [await client.keys(), await client.accounts()];
  return [...keys.map((key) => listedKey(key, accounts)), ...accounts.map((account) => listedAccount(account, keys))];
}

async function issue(client: OpenAiClient, label: string, earlier: readonly string[]): Promise<Issued> {
  const account = lastingAccount(earlier);
  const key = account === null ? null : await client.createKey(account, label);
  if (account !== null && key) return issued(account, key);
  const { id, api_key: first = null } = await client.createAccount(label);
  if (!first) return { id: accountId(id), parts: null };
  return { ...issued(id, first), ...(client.scopes.length > 0 && { complete: () => client.scopeKey(first.id) }) };
}

/** The account of the newest version that has one. Null where that ends with its account, because OpenAI deletes keys only so. */
function lastingAccount(earlier: readonly string[]): string | null {
  const newest = earlier.map(parseId).findLast(({ account }) => account !== null);
  return newest?.key ? newest.account : null;
}

function issued(account: string, { id, value, expires_at = null }: CreatedKey): Issued {
  return { id: `${accountId(account)}/api_key/${id}`, parts: { key: value }, expiresAt: expires_at };
}

async function revoke(client: OpenAiClient, target: Target): Promise<Entangled | void> {
  const { id, labels, listed } = target;
  const { account, key } = parseId(id);
  const holder = account === null ? null : accountId(account);
  const read = async (): Promise<readonly Listed[]> => listed ?? list(client);
  const wasMadeFor = async (): Promise<boolean> =>
    labels.length > 0 && (await read()).some((each) => each.id === holder && labels.includes(each.name));
  if (account !== null && (key === null || (await wasMadeFor()))) {
    const within = othersIn(await read(), accountId(account), target);
    if (within.length > 1) throw needsDecision(whyNotWhole(account, within));
    return client.deleteAccount(account);
  }
  if (key !== null && !(await client.deleteKey(key)) && account !== null) return endWhole(client, account, target);
}

/** An older API deletes keys only with their whole service account. */
async function endWhole(client: OpenAiClient, account: string, target: Target): Promise<Entangled | void> {
  const { id, listed } = target;
  const others = othersIn(listed?.length === 0 ? [] : await list(client), accountId(account), target);
  const staying = others.filter((each) => each.id !== id && !target.mayEnd(each.id));
  if (staying.length === 0) return client.deleteAccount(account);
  return { holder: accountId(account), why: whyNotWhole(account, staying) };
}

/** The keys that end with an account. One that cannot be read may be among them. */
function othersIn(listed: readonly Listed[], holder: string, { isCompromised }: Target): Listed[] {
  return listed.filter(
    ({ id, isHolder, isUnreadable }) =>
      !isHolder && (isWithin(id, holder) || (isUnreadable === true && !isCompromised)),
  );
}

function whyNotWhole(account: string, keys: readonly Listed[]): string {
  const ids = keys.map(({ id }) => parseId(id).key).join(', ');
  return (
    `service account ${account} holds other keys (${ids}), and OpenAI would delete all of them: ` +
    'first delete the unused ones at OpenAI, or give their users another account'
  );
}

function listedKey(key: ProjectKey, accounts: readonly ServiceAccount[] = []): Listed {
  const { id, name, owner, last_used_at: lastUsedAt = null, expires_at: expiresAt = null } = key;
  const account = accounts.find((each) => keyId(key).startsWith(`${accountId(each.id)}/`));
  return {
    ...{ id: keyId(key), name: (owner.service_account && name) || id },
    shownAs: labelIn(name) ?? account?.name ?? key.redacted_value,
    ...{ lastUsedAt, expiresAt },
    ...(owner.type === nobodyKnows && { isUnreadable: true }),
  };
}

function labelIn(name: string | null | undefined): string | null {
  return name?.startsWith('keyturn-') ? name : null;
}

function listedAccount({ id, name }: ServiceAccount, keys: readonly ProjectKey[]): Listed {
  const within = keys.filter(({ owner }) => owner.service_account?.id === id);
  const newest = Math.max(0, ...within.map(({ last_used_at }) => last_used_at ?? 0));
  return { id: accountId(id), name, lastUsedAt: newest || null, isHolder: true };
}
