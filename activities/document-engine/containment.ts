import type { VersionRef } from '../../src/domain/version.js';
import type { DocumentEngineDeps } from './activities.js';
import { displaceWith } from './control.js';
import { expire, open, sparesOf } from './standing.js';

export async function displace(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  await displaceWith(await open(deps, ref), ref);
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
