import type { Listing } from '../shared/listing.js';
import type { ListingAccount } from './account.js';

/** The values of an account, for an emergency without the store. */
export function listingOf(account: ListingAccount): Listing {
  return {
    async list() {
      const values = (await account.list()).filter(({ isHolder }) => !isHolder);
      return Promise.all(
        values.map(async ({ id, name, shownAs = name, lastUsedAt }) => {
          const used = lastUsedAt === undefined ? await account.lastUse(id) : lastUsedAt;
          const at = typeof used === 'number' ? new Date(used * 1000).toISOString() : null;
          return { id, name: shownAs, mark: id, lastUsedAt: at };
        }),
      );
    },
    async end(id) {
      // A person has decided. No store tells what belongs to others, and no list may delay the end.
      await account.revoke({ id, parts: {}, labels: [], listed: [], isCompromised: true, mayEnd: () => true });
    },
  };
}
