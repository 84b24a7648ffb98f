import type { Listing } from '../shared/listing.js';
import { linesIn, withoutKeys } from './authorized-keys.js';
import { edit, readKeys } from './authorize.js';
import { administer, type SftpConnection } from './client.js';
import { fingerprintOf, readKey } from './key-pair.js';

/** What authorized_keys lets in, by fingerprint, besides Keyturn's own key: without that one nothing more could be ended. */
export function sftpListing(connection: SftpConnection): Listing {
  const { authorizedKeys } = connection;
  return {
    async list() {
      const own = readKey(await connection.adminKey())
        .getPublicSSH()
        .toString('base64');
      const { text } = await administer(connection, (files) => readKeys(files, authorizedKeys));
      const others = linesIn(text).filter(({ publicKey }) => publicKey !== own);
      return others.map(({ publicKey, comment }) => {
        const id = fingerprintOf(publicKey);
        return { id, mark: id, name: comment || 'without a name', lastUsedAt: null };
      });
    },
    end: (id) =>
      edit(connection, {
        present: async () => undefined, // there is no store to ask
        change(text) {
          const meant = linesIn(text).filter(({ publicKey }) => fingerprintOf(publicKey) === id);
          const publicKeys = meant.map(({ publicKey }) => publicKey);
          return withoutKeys(text, publicKeys);
        },
      }),
  };
}
