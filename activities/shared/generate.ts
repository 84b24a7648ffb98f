import type { VersionRef } from '../../src/domain/version.js';
import type { Created } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { passing } from './failures.js';

/** Generates a version's value and stores it. No outside system sees the value, so a lost attempt leaves no orphan. */
export async function keepGenerated(store: Store, ref: VersionRef, generate: () => Promise<Created>): Promise<void> {
  const hasValue = async (): Promise<boolean> => (await store.read(ref)).parts.length > 0;
  if (await hasValue()) return;
  const generated = await generate();
  const intent = await store.intend(ref);
  for (const { nonce, version, outcome } of await store.intents(ref.credential))
    if (version === ref.number && outcome === 'open' && nonce !== intent.nonce)
      await store.settle({ nonce }, 'nothing-made');
  if (!(await store.keep(ref, intent, generated)) && !(await hasValue()))
    throw passing('another attempt of this step took over');
}
