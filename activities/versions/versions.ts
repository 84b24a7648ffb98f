import type { Finding } from '../../src/domain/evidence.js';
import type { EndProof, VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding } from '../shared/evidence.js';

export async function startDiscard(store: Store, version: VersionRef): Promise<void> {
  const { state } = await store.read(version);
  if (state === 'intended' || state === 'candidate') await store.move(version, 'discarding');
}

export async function recordDiscarded(store: Store, version: VersionRef): Promise<void> {
  const { state } = await store.read(version);
  if (state === 'discarding') await store.move(version, 'discarded');
}

/** Idempotent: each move is made only from the state before it. */
export async function recordEnd(store: Store, version: VersionRef): Promise<void> {
  await startDiscard(store, version);
  await recordDiscarded(store, version);
  const { state } = await store.read(version);
  if (state === 'current') await store.move(version, 'retiring');
  if (state === 'current' || state === 'retiring')
    await store.move(version, 'retired', await endProofOf(store, version));
}

export async function soleUser(store: Store, version: VersionRef): Promise<Finding> {
  const { adopted, soleUser: asserted } = await store.read(version);
  if (!adopted)
    return recordFinding(store, version, {
      kind: 'sole-user',
      outcome: 'proved',
      detail: 'it was created for this engine alone',
    });
  const detail = asserted ? 'the operator said so at adoption' : 'it was adopted, and what else uses it is not known';
  return recordFinding(store, version, { kind: 'sole-user', outcome: asserted ? 'proved' : 'failed', detail });
}

/** Without a valid finding, a person skipped the check, and their word is the only proof. */
async function endProofOf(store: Store, version: VersionRef): Promise<EndProof> {
  const newest = (await store.evidence(version)).find(({ kind }) => kind === 'refused');
  return !newest || newest.outcome === 'failed' ? 'attested' : newest.outcome;
}
