import { didYouMean } from '../../config/nearest.js';
import type { CredentialRow } from '../../store/records.js';
import { UsageError } from './refusals.js';
import type { Session } from './session.js';

/** A credential that the store has, whether or not the configuration does. Throws a UsageError when it has none of that name. */
export async function storedCredential({ store }: Pick<Session, 'store'>, name: string): Promise<CredentialRow> {
  const rows = await store.credentials();
  const row = rows.find((each) => each.name === name);
  if (row) return row;
  const known = rows.map((each) => each.name);
  throw new UsageError(`The store has no credential "${name}"${didYouMean(name, known)}`, {
    state: 'Nothing was changed.',
    next: 'See which there are: keyturn status',
  });
}
