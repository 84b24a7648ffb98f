import { setTimeout as delay } from 'node:timers/promises';
import type { Listing } from '../shared/listing.js';
import { DocumentEngineClient, type DocumentEngineConnection } from './client.js';
import { newValue } from './keys.js';
import { noMarker } from './marker.js';
import { end } from './context.js';

/** The secrets of one type. The current one ends when a throwaway value becomes current in its place. */
export function documentEngineListing(connection: DocumentEngineConnection): Listing {
  const client = new DocumentEngineClient(connection, new Set());
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
      if (left) await delay(await end(client, left.id, noMarker));
    },
  };
}
