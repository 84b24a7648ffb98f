import type { VersionRef } from '../../src/domain/version.js';
import { keepGenerated } from '../shared/generate.js';
import { permanent } from '../shared/failures.js';
import type { DocumentEngineDeps } from './activities.js';
import { newValue, whyNotFor } from './keys.js';
import { contextOf, type DocumentEngineContext } from './context.js';

export async function generate(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  const context = await contextOf(deps, ref);
  const { store, connection } = context;
  await keepGenerated(store, ref, async () => {
    await requireFamily(context);
    const parts = await newValue(connection.type, connection.jwt.algorithm);
    return { providerId: `${connection.type}/${context.markerFor(ref)}`, parts };
  });
}

/** Refuses a change of the key family: one setting of the engine is the algorithm of all keys, so old and new tokens would not be valid together. */
async function requireFamily({ store, connection: { type, jwt }, ref }: DocumentEngineContext): Promise<void> {
  if (type !== 'jwt') return;
  const current = (await store.versions(ref.credential)).find(({ state }) => state === 'current');
  const publicKey = current && (await store.unseal(current))['publicKey'];
  const why = publicKey === undefined ? null : whyNotFor(jwt.algorithm, publicKey);
  if (why === null) return;
  throw permanent(
    'Rejected',
    `a rotation cannot change the algorithm: in version ${current?.number ?? 0}, ${why}. It is one setting for all ` +
      'keys, so old and new tokens would never be valid together. Change it with a restart, and adopt the new key',
  );
}
