import type { VersionRef } from '../../src/domain/version.js';
import { keepGenerated } from '../shared/generate.js';
import { permanent } from '../shared/failures.js';
import type { DocumentEngineDeps } from './activities.js';
import { newValue, whyNotFor } from './keys.js';
import { open, type DocumentEngineWork } from './standing.js';

export async function generate(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  const work = await open(deps, ref);
  const { store, connection } = work;
  await keepGenerated(store, ref, async () => {
    await requireFamily(work);
    const parts = await newValue(connection.type, connection.jwt.algorithm);
    return { providerId: `${connection.type}/${work.markerFor(ref)}`, parts };
  });
}

/** One setting of the engine names the algorithm of every key: a key of another family is refused by the tokens of the one before. */
async function requireFamily({ store, connection: { type, jwt }, ref }: DocumentEngineWork): Promise<void> {
  if (type !== 'jwt') return;
  const current = (await store.versions(ref.credential)).find(({ state }) => state === 'current');
  const publicKey = current && (await store.unseal(current))['publicKey'];
  const why = publicKey === undefined ? null : whyNotFor(jwt.algorithm, publicKey);
  if (why === null) return;
  throw permanent(
    'Rejected',
    `the algorithm cannot be changed by a rotation: of version ${current?.number ?? 0}, ${why}. It is one setting for all ` +
      'keys, so old and new tokens would never be valid together: change it with a restart, and adopt the new key',
  );
}
