import { whyNotDestroy } from '../../src/domain/destruction.js';
import type { EvidenceKind, Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { permanent } from './failures.js';
import { requireFence } from './fencing.js';

/** Stores a finding as evidence and returns it. */
export async function recordFinding(store: Store, ref: VersionRef, finding: Finding): Promise<Finding> {
  await store.prove(ref, finding);
  return finding;
}

/** Returns a function that stores a finding of this kind. */
export function reporting(store: Store, ref: VersionRef, kind: EvidenceKind) {
  return (outcome: Finding['outcome'], detail: string): Promise<Finding> =>
    recordFinding(store, ref, { kind, outcome, detail });
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
  if (why !== null)
    throw permanent('StaleProof', `version ${ref.number} of ${ref.credential} must not be destroyed now: ${why}`);
  await requireFence(store, ref);
}
