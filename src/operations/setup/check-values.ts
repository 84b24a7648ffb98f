import { UserError } from '../../domain/user-error.js';
import { quickCheck } from '../../store/backup.js';
import type { Session } from '../session/session.js';

/** Why the values cannot be read; null when the database is intact and every value opens with this ring and matches its fingerprint. */
export async function whyUnreadable({ config, store }: Session): Promise<UserError | null> {
  const trouble = quickCheck(config.store.file);
  if (trouble !== null) return unreadable(`The database ${config.store.file} is damaged: ${trouble}`);
  for (const version of await store.versions()) {
    const name = `Version ${version.number} of ${version.credential}`;
    const parts = await store.unseal(version).catch(() => null);
    if (parts === null) return unreadable(`${name} does not open with this key ring`);
    const [value] = Object.values(parts);
    const isKnown =
      value === undefined ||
      (await store.identify(value)).some(
        ({ credential, number }) => credential === version.credential && number === version.number,
      );
    if (!isKnown) return unreadable(`${name} does not match its fingerprint: the ring has another key for it`);
  }
  return null;
}

function unreadable(what: string): UserError {
  return new UserError(what, {
    state: 'Nothing was changed.',
    next: 'Restore the key ring, or else the store, from its backup: keyturn restore. Then run keyturn reconcile.',
  });
}
