import { environment } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { UserError } from '../../domain/user-error.js';
import { type KeyRing, loadKeyRing } from '../../store/key-ring.js';
import { openStore } from '../../store/open-store.js';
import type { Contents } from '../../store/backup.js';

/** The key ring that the configuration names. */
export function ringOf({ keyRing }: Config): Promise<KeyRing> {
  return loadKeyRing('file' in keyRing ? keyRing : { text: environment(keyRing.env) ?? '' });
}

/**
 * Opens a copy as a store, with the whole key ring, and verifies its ledger. Opening changes the file.
 * @throws UserError when ring and copy do not belong together, or the ledger is not the one described
 */
export async function verifyCopy(file: string, ring: KeyRing, ledger: Contents['ledger']): Promise<void> {
  const store = await openStore({ url: `sqlite:${file}`, ring });
  try {
    const { entries, head, brokenAt } = await store.verifyLedger();
    if (brokenAt === null && entries === ledger.entries && head === ledger.head) return;
    throw new UserError(
      brokenAt === null
        ? 'The ledger of the copy is not the one that its manifest describes.'
        : `The ledger of the copy is broken at entry ${brokenAt}.`,
      {
        state: 'The copy must not be used. The store was not changed.',
        next: 'Use another backup, or make a new one.',
      },
    );
  } finally {
    await store.destroy();
  }
}
