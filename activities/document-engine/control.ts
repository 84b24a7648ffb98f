import type { VersionRef } from '../../src/domain/version.js';
import { requireFence } from '../shared/fencing.js';
import { newValue } from './keys.js';
import { currentIn, displaced, type DocumentEngineContext } from './context.js';

/** A value that the engine must accept for a refusal of another one to prove anything. */
export interface Control {
  /** The value by parts. */
  readonly parts: Readonly<Record<string, string>>;
  /** Its name for people. */
  readonly name: string;
}

/**
 * The current version's value. In an emergency that value is compromised, so a new throwaway value becomes current and is kept in memory
 * for the check. Null where there is neither.
 */
export async function controlOf(context: DocumentEngineContext): Promise<Control | null> {
  const { store, ref } = context;
  const versions = await store.versions(ref.credential);
  const current = versions.find(
    ({ state, number, compromised, parts }) =>
      state === 'current' && number !== ref.number && !compromised && parts.length > 0,
  );
  if (current) return { parts: await store.unseal(current), name: 'the current value' };
  const holder = versions.findLast(({ receipts }) => receipts[displaced] !== undefined);
  if (!holder || currentIn(context, await context.client.secrets()).id !== holder.receipts[displaced]?.ours)
    return null;
  const parts = await displaceWith(context, { ...ref, number: holder.number });
  return { parts, name: 'a value that was made for this check' };
}

/** Makes a throwaway value current, and records the secret's id. After a lost answer another one is made. */
export async function displaceWith(
  context: DocumentEngineContext,
  holder: VersionRef,
): Promise<Readonly<Record<string, string>>> {
  const { store, client, connection } = context;
  const parts = await newValue(connection.type, connection.jwt.algorithm);
  await requireFence(store, context.ref);
  await client.rotate(parts[connection.part] ?? '');
  const { id } = currentIn(context, await client.secrets());
  await store.note(holder, { receipts: { [displaced]: { before: id, ours: id } } });
  return parts;
}
