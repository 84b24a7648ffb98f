import type { Listing } from '../shared/listing.js';
import { knownLinesIn, nameOf, withoutKeys } from './authorized-keys.js';
import { edit, readKeys } from './authorize.js';
import { administer, type SftpConnection } from './client.js';
import { fingerprintOf } from './key-pair.js';
import { ownKeyOf } from './context.js';

/** The keys of authorized_keys by fingerprint, including those switched off. Without Keyturn's own key, which is needed to end the others. */
export function sftpListing(connection: SftpConnection): Listing {
  const { authorizedKeys } = connection;
  return {
    async list() {
      const own = await ownKeyOf(connection);
      const { text } = await administer(connection, (files) => readKeys(files, authorizedKeys));
      const others = knownLinesIn(text).filter(({ publicKey }) => publicKey !== own);
      return others.map((line) => {
        const id = fingerprintOf(line.publicKey);
        return { id, mark: id, name: nameOf(line), lastUsedAt: null };
      });
    },
    end: (id) =>
      edit(connection, {
        requireWriter: async () => undefined, // there is no store to ask
        change(text) {
          const lines = knownLinesIn(text).filter(({ publicKey }) => fingerprintOf(publicKey) === id);
          const publicKeys = lines.map(({ publicKey }) => publicKey);
          return withoutKeys(text, publicKeys);
        },
      }),
  };
}
