import type { Listing } from '../shared/listing.js';
import { passing } from '../shared/patience.js';
import { linesIn, withoutKeys } from './authorized-keys.js';
import { readKeys } from './authorize.js';
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
      administer(connection, async (files) => {
        const before = await readKeys(files, authorizedKeys);
        const meant = linesIn(before.text).filter(({ publicKey }) => fingerprintOf(publicKey) === id);
        const text = withoutKeys(
          before.text,
          meant.map(({ publicKey }) => publicKey),
        );
        if (text === before.text) return;
        const beside = await files.writeBeside(before, text);
        const unchanged = (await readKeys(files, authorizedKeys)).text === before.text;
        if (unchanged) return files.replace(before.path, beside);
        await files.remove(beside);
        throw passing(`somebody else is changing ${authorizedKeys}`);
      }),
  };
}
