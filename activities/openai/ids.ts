import type { ProjectKey } from './schemas.js';

/**
 * A version at OpenAI:
 * - one key of a service account: `service_account/<id>/api_key/<id>`
 * - a service account with its only key, which is deleted with it: `service_account/<id>`
 * - a person's key: `api_key/<id>`
 */
export interface ProviderId {
  readonly account: string | null;
  readonly key: string | null;
}

/** Parses the provider id of a version. Both parts are null while it is unknown. */
export function parseProviderId(providerId: string | null): ProviderId {
  const [, account = null, key = null] =
    /^(?:service_account\/([^/]+))?(?:(?:^|\/)api_key\/([^/]+))?$/.exec(providerId ?? '') ?? [];
  return { account, key };
}

export function accountId(account: string): string {
  return `service_account/${account}`;
}

/** Provider id of a key, with its owner. */
export function keyId({ id, owner }: Pick<ProjectKey, 'id' | 'owner'>): string {
  const account = owner.service_account?.id;
  return account === undefined ? `api_key/${id}` : `${accountId(account)}/api_key/${id}`;
}

export function keysOf(keys: readonly ProjectKey[], account: string): ProjectKey[] {
  return keys.filter(({ owner }) => owner.service_account?.id === account);
}

/** The listed keys of a version's provider id. */
export function ownKeys(keys: readonly ProjectKey[], providerId: string | null): readonly ProjectKey[] {
  const { account, key } = parseProviderId(providerId);
  if (key !== null) return keys.filter(({ id }) => id === key);
  return account === null ? [] : keysOf(keys, account);
}

/** Whether a value matches a redacted one such as `sk-abc...wxyz`, which has its beginning and its end. */
export function fits(redacted: string, value: string): boolean {
  const [start = '', end = '', more] = redacted.split(/\.{2,}|\*+|…/);
  const length = start.length + end.length;
  return more === undefined && length > 0 && length <= value.length && value.startsWith(start) && value.endsWith(end);
}
