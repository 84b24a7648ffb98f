import { createHash } from 'node:crypto';
import type { Listing } from '../shared/listing.js';
import { AzureClient, type AzureConnection, slots } from './client.js';

/** The two slots of an account. Ending a slot's value regenerates it; anybody who manages the account can read the new one. */
export function azureListing(connection: AzureConnection): Listing {
  const client = new AzureClient(connection);
  return {
    async list() {
      const keys = await client.keys();
      return slots.map((slot) => ({
        ...{ id: slot, name: `what is in ${slot}`, lastUsedAt: null },
        mark: createHash('sha256').update(keys[slot]).digest('hex'), // a key has 32 random bytes or more, so it cannot be guessed from this
      }));
    },
    async end(id) {
      const slot = slots.find((each) => each === id);
      if (slot) await client.regenerate(slot);
    },
  };
}
