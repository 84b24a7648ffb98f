import { createHash } from 'node:crypto';
import type { Listing } from '../shared/listing.js';
import { AzureClient, type AzureConnection, slots } from './client.js';

/** The two slots of an account. To end what is in one is to put a new value there, which Azure shows to whoever may manage the account. */
export function azureListing(connection: AzureConnection): Listing {
  const client = new AzureClient(connection);
  return {
    async list() {
      const keys = await client.keys();
      return slots.map((slot) => ({
        ...{ id: slot, name: `what is in ${slot}`, lastUsedAt: null },
        mark: createHash('sha256').update(keys[slot]).digest('hex'), // of 32 random bytes or more: nobody finds them by it
      }));
    },
    async end(id) {
      const slot = slots.find((each) => each === id);
      if (slot) await client.regenerate(slot);
    },
  };
}
