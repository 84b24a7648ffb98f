import type { ProjectKey } from './schemas.js';

export function accountId(account: string): string {
  return `service_account/${account}`;
}

export function keyId({ id, owner }: ProjectKey): string {
  const account = owner.service_account?.id;
  return account === undefined ? `api_key/${id}` : `${accountId(account)}/api_key/${id}`;
}

/** Both parts are null for an id of another form. */
export function parseId(id: string): { readonly account: string | null; readonly key: string | null } {
  const [, account = null, key = null] = /^(?:service_account\/([^/]+))?(?:(?:^|\/)api_key\/([^/]+))?$/.exec(id) ?? [];
  return { account, key };
}

/** Whether a value matches a redacted one such as `sk-abc...wxyz`, which has its beginning and its end. */
export function fits(redacted: string, value: string): boolean {
  const [start = '', end = '', more] = redacted.split(/\.{2,}|\*+|…/);
  const length = start.length + end.length;
  return more === undefined && length > 0 && length <= value.length && value.startsWith(start) && value.endsWith(end);
}
