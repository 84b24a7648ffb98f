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
      // There is no store to say what is somebody else's: a person has decided.
      await account.revoke({ id, parts: {}, labels: [], isCompromised: true, mayEnd: () => true });
    },
  };
}
