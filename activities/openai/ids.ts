import type { ProjectKey } from './schemas.js';

/**
 * What a version is at OpenAI: one key of a service account (`service_account/<id>/api_key/<id>`), a service account with its only key
 * (`service_account/<id>`, of versions that end with it), or a person's key (`api_key/<id>`).
 */
export interface ProviderId {
  readonly account: string | null;
  readonly key: string | null;
}

/** As kept with a version; both are null while nothing is known. */
export function parseProviderId(providerId: string | null): ProviderId {
  const [, account = null, key = null] =
    /^(?:service_account\/([^/]+))?(?:(?:^|\/)api_key\/([^/]+))?$/.exec(providerId ?? '') ?? [];
  return { account, key };
}

export function accountId(account: string): string {
  return `service_account/${account}`;
}

/** Of a key, by whom it belongs to. */
export function keyId({ id, owner }: Pick<ProjectKey, 'id' | 'owner'>): string {
  const account = owner.service_account?.id;
  return account === undefined ? `api_key/${id}` : `${accountId(account)}/api_key/${id}`;
}

export function keysOf(keys: readonly ProjectKey[], account: string): ProjectKey[] {
  return keys.filter(({ owner }) => owner.service_account?.id === account);
}

/** The keys behind a provider id as kept with a version. */
export function ownKeys(keys: readonly ProjectKey[], providerId: string | null): readonly ProjectKey[] {
  const { account, key } = parseProviderId(providerId);
  if (key !== null) return keys.filter(({ id }) => id === key);
  return account === null ? [] : keysOf(keys, account);
}

/** Whether a value is shown so, as `sk-abc...wxyz`: what is shown is its beginning and its end. */
export function fits(redacted: string, value: string): boolean {
  const [start = '', end = '', more] = redacted.split(/\.{2,}|\*+|…/);
  const shown = start.length + end.length;
  return more === undefined && shown > 0 && shown <= value.length && value.startsWith(start) && value.endsWith(end);
}
