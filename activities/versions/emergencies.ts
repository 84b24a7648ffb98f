import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { recordEnd } from './versions.js';

/** Recorded once per version and rotation, however often it is asked for. */
export async function recordContained(store: Store, version: VersionRef): Promise<void> {
  await recordEnd(store, version);
  const { credential, number, fence } = version;
  const recorded = (await store.ledger({ credential, limit: 200 })).some(
    (entry) => entry.event === 'contained' && entry.version === number && entry.fence === fence,
  );
  if (recorded) return;
  const [refused] = (await store.evidence(version)).filter(({ kind }) => kind === 'refused');
  const [first] = (await store.emergencies(credential)).filter((each) => each.fence === fence).reverse();
  const outcome = refused && refused.outcome !== 'failed' ? refused.outcome : 'attested';
  const after = refused && first ? `${((refused.at - first.askedAt) / 1000).toFixed(3)} s after the command` : null;
  await store.record({
    ...{ event: 'contained', credential, version: number, fence, outcome },
    detail: ['revoked', outcome === 'proved' ? 'and proved refused' : `(${outcome})`, after].filter(Boolean).join(' '),
  });
}
