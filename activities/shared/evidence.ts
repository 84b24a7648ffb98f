import { ApplicationFailure } from '@temporalio/common';
import { whyNotDestroy } from '../../src/domain/destruction.js';
import type { Finding } from '../../src/domain/evidence.js';
import type { FailureType } from '../../src/domain/failure.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { requireFence } from './fencing.js';

/** Stores a finding as evidence and returns it. */
export async function recordFinding(store: Store, ref: VersionRef, finding: Finding): Promise<Finding> {
  await store.prove(ref, finding);
  return finding;
}

/**
 * Refuses to disable or delete a value without fresh proof, then requires the fence. An `undoable` change needs less proof.
 * @throws ApplicationFailure of type StaleProof (take the proof again) or FenceLost
 */
export async function requireProof(store: Store, ref: VersionRef, undoable = false): Promise<void> {
  const victim = await store.read(ref);
  const siblings = await store.versions(ref.credential);
  const successor = siblings.find(({ state }) => state === 'current');
  const why = whyNotDestroy({
    victim: { ...victim, evidence: await store.evidence(ref) },
    successor: successor ? { evidence: await store.evidence(successor) } : null,
    now: Date.now(),
    undoable,
  });
  if (why !== null) {
    const type: FailureType = 'StaleProof';
    throw ApplicationFailure.nonRetryable(
      `version ${ref.number} of ${ref.credential} must not be destroyed now: ${why}`,
      type,
    );
  }
  await requireFence(store, ref);
}
