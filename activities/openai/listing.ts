import type { Listed, Listing } from '../shared/listing.js';
import { OpenAiClient, type OpenAiConnection } from './client.js';
import { keysOf, parseProviderId } from './keys.js';
import type { ProjectKey } from './schemas.js';

/** A project's service accounts, each with its keys, and the keys of people. */
export function openAiListing(connection: OpenAiConnection): Listing {
  const client = new OpenAiClient(connection);
  return {
    async list() {
      const [accounts, keys] = [await client.accounts(), await client.keys()];
      const peoples = keys.filter(({ owner }) => !owner.service_account);
      return [
        ...accounts.map(({ id, name }) => listed(`service_account/${id}`, name, keysOf(keys, id))),
        ...peoples.map((key) => listed(`api_key/${key.id}`, key.redacted_value, [key])),
      ];
    },
    async end(providerId) {
      const { kind, id } = parseProviderId(providerId);
      await (kind === 'service_account' ? client.deleteAccount(id) : client.deleteKey(id));
    },
  };
}

function listed(id: string, name: string, keys: readonly ProjectKey[]): Listed {
  const newest = Math.max(0, ...keys.map(({ last_used_at }) => last_used_at ?? 0));
  return { id, name, mark: id, lastUsedAt: newest === 0 ? null : new Date(newest * 1000).toISOString() };
}
