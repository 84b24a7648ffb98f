import type { VersionRef } from '../../src/domain/version.js';
import { requireFence } from '../shared/fencing.js';
import { newValue } from './keys.js';
import { currentIn, displaced, type DocumentEngineWork } from './standing.js';

/** What must be accepted for a refusal beside it to mean something. */
export interface Control {
  /** The value by parts. */
  readonly parts: Readonly<Record<string, string>>;
  /** As it is shown to people. */
  readonly name: string;
}

/**
 * The current version's value. In an emergency that is compromised: then a value that nobody holds takes the place of the one that took its
 * place, and is kept for as long as the question takes. Null where neither can be had.
 */
export async function controlOf(work: DocumentEngineWork): Promise<Control | null> {
  const { store, ref } = work;
  const versions = await store.versions(ref.credential);
  const current = versions.find(
    ({ state, number, compromised, parts }) =>
      state === 'current' && number !== ref.number && !compromised && parts.length > 0,
  );
  if (current) return { parts: await store.unseal(current), name: 'the current value' };
  const holder = versions.findLast(({ receipts }) => receipts[displaced] !== undefined);
  if (!holder || currentIn(work, await work.client.secrets()).id !== holder.receipts[displaced]?.ours) return null;
  const parts = await displaceWith(work, { ...ref, number: holder.number });
  return { parts, name: 'a value that was made for this question' };
}

/** Makes a value current that nobody holds, and notes where it is. An attempt whose answer was lost is repeated with another one. */
export async function displaceWith(
  work: DocumentEngineWork,
  holder: VersionRef,
): Promise<Readonly<Record<string, string>>> {
  const { store, client, connection } = work;
  const parts = await newValue(connection.type, connection.jwt.algorithm);
  await requireFence(store, work.ref);
  await client.rotate(parts[connection.part] ?? '');
  const { id } = currentIn(work, await client.secrets());
  await store.note(holder, { receipts: { [displaced]: { before: id, ours: id } } });
  return parts;
}
