import type { VersionRef } from '../../src/domain/version.js';
import { presentFence } from '../shared/guard.js';
import type { DocumentEngineDeps } from './activities.js';
import { newValue } from './keys.js';
import { currentIn, displaced, expire, open, sparesOf } from './standing.js';

/** A value that is forgotten at once. An attempt whose answer was lost is repeated with another one. */
export async function displace(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  const { store, client, connection } = await open(deps, ref);
  const value = await newValue(connection.type, connection.jwt.algorithm);
  await presentFence(store, ref);
  await client.rotate(value[connection.part] ?? '');
  const { id } = currentIn(await client.secrets());
  await store.note(ref, { marks: { [displaced]: { before: id, ours: id } } });
}

/** Whose value a secret holds, no list tells: in an emergency all that may hold a leaked one have to end. */
export async function expireOthers(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  const work = await open(deps, ref);
  const { store, client } = work;
  const listed = await client.secrets();
  const own = sparesOf(work, ref, listed).map(({ id }) => id);
  await expire(
    work,
    listed.filter(({ id }) => !own.includes(id)),
  );
  for (const { nonce, version, outcome } of await store.intents(ref.credential))
    if (outcome === 'open' && version !== ref.number) await store.settle({ nonce }, 'nothing-made');
}
