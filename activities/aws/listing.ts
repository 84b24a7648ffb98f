import type { Listing } from '../shared/listing.js';
import { AwsClient, type AwsConnection } from './client.js';

/** The service user's keys, including inactive ones. */
export function awsListing(connection: AwsConnection): Listing {
  const client = new AwsClient(connection);
  return {
    async list() {
      const keys = await client.keys();
      return Promise.all(
        keys.map(async ({ id, active, createdAt }) => {
          const used = id === '' ? null : await client.lastUsed(id);
          const age = createdAt ? `created ${createdAt.toISOString()}` : 'of unknown age';
          const lastUsedAt = used ? new Date(used * 1000).toISOString() : null;
          return { id, mark: id, name: active ? age : `${age}, inactive`, lastUsedAt };
        }),
      );
    },
    async end(id) {
      await client.deleteKey(id);
    },
  };
}
