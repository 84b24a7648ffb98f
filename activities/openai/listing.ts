import type { Listed, Listing } from '../shared/listing.js';
import { OpenAiClient, type OpenAiConnection } from './client.js';
import { keyId, parseProviderId } from './ids.js';
import type { ProjectKey, ServiceAccount } from './schemas.js';

const ours = /^keyturn-/;

/** A project's keys, of service accounts and of people. */
export function openAiListing(connection: OpenAiConnection): Listing {
  const client = new OpenAiClient(connection);
  return {
    async list() {
      const [accounts, keys] = [await client.accounts(), await client.keys()];
      return keys.map((key) => listed(key, accounts));
    },
    async end(providerId) {
      const { account, key } = parseProviderId(providerId);
      const isGone = key !== null && (await client.deleteKey(key));
      if (!isGone && account !== null) await client.deleteAccount(account);
    },
  };
}

function listed(key: ProjectKey, accounts: readonly ServiceAccount[]): Listed {
  const { name: own = null, last_used_at: usedAt = null, owner, redacted_value } = key;
  const account = accounts.find(({ id }) => id === owner.service_account?.id);
  const name = own !== null && ours.test(own) ? own : (account?.name ?? redacted_value);
  const id = keyId(key);
  return { id, name, mark: id, lastUsedAt: usedAt === null ? null : new Date(usedAt * 1000).toISOString() };
}
