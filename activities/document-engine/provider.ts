import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { defineProvider } from '../kit/provider.js';
import type { Listing } from '../shared/listing.js';
import { connectionOf, DocumentEngine } from './account.js';
import { createDocumentEngineActivities } from './activities.js';
import { DocumentEngineClient, type DocumentEngineConnection } from './client.js';
import { end, idsIn } from './context.js';
import { keyPairOf, newValue } from './keys.js';
import { documentEngineRequests } from './requests.js';

/** The engine issues its own secrets, so its `provider` section is empty. */
export const documentEngine = defineProvider({
  system: 'document-engine',
  name: 'Document Engine',
  section: z.strictObject({}),
  mayBeLeftOut: true,
  identity: () => 'itself',
  parts(given) {
    const key = given['privateKey'] ?? given['publicKey'];
    return key === undefined ? given : keyPairOf(key);
  },
  connect: (_, secret, { engine, procedure }) => connectionOf(DocumentEngine.parse(engine), procedure, secret),
  activities: createDocumentEngineActivities,
  requests: documentEngineRequests,
  listing: listingOf,
  idsOf: idsIn,
});

/** The secrets of one type. The current one ends when a throwaway value becomes current in its place. */
function listingOf(connection: DocumentEngineConnection): Listing {
  const client = new DocumentEngineClient(connection);
  return {
    async list() {
      return (await client.secrets()).map(({ id, expiresAt }) => ({
        ...{ id: String(id), mark: String(id), lastUsedAt: null },
        name: expiresAt === null ? 'the current one' : `expires ${expiresAt}`,
      }));
    },
    async end(wanted) {
      const isIt = ({ id }: { readonly id: number }): boolean => String(id) === wanted;
      const found = (await client.secrets()).find(isIt);
      if (!found) return;
      if (found.expiresAt === null) {
        const value = await newValue(connection.type, connection.jwt.algorithm);
        await client.rotate(value[connection.part] ?? '');
      }
      const left = (await client.secrets()).find(isIt);
      if (left) await delay(await end(client, left.id));
    },
  };
}
