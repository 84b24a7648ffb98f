import type { VersionRef } from '../../src/domain/version.js';
import type { DocumentEngineDeps } from './activities.js';
import { displaceWith } from './control.js';
import { expire, contextOf, sparesOf } from './context.js';

export async function displace(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  await displaceWith(await contextOf(deps, ref), ref);
}

/** No list shows which value a secret holds. So in an emergency every secret ends that may hold a leaked value. */
export async function expireOthers(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  const context = await contextOf(deps, ref);
  const { store, client } = context;
  const listed = await client.secrets();
  const own = sparesOf(context, ref, listed).map(({ id }) => id);
  await expire(
    context,
    listed.filter(({ id }) => !own.includes(id)),
  );
  for (const { nonce, version, outcome } of await store.intents(ref.credential))
    if (outcome === 'open' && version !== ref.number) await store.settle({ nonce }, 'nothing-made');
}
