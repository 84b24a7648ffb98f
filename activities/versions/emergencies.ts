import type { VersionRef } from '../../src/domain/version.js';
import type { LedgerRow } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { propagating } from '../shared/failures.js';
import { scope } from '../shared/scope.js';
import { recordEnd } from './versions.js';

/** Records the end of a version in an emergency, with the time since the command. Once per version and rotation. */
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

/** A change leaves within 10 seconds of its fence, and is given up 30 seconds later at the latest. */
const passedMs = 40_000;

/**
 * Whether another run, which an emergency took the credential from, may still be changing something: a step of it has begun, and its end is
 * not on record. The fence keeps it from whatever it has not begun.
 */
export async function isUnderWay(store: Store, { credential, fence }: VersionRef): Promise<boolean> {
  const rotations = await store.rotations(credential);
  const own = rotations.find((each) => each.fence === fence);
  const others = rotations.filter(
    ({ runId, closedAt }) => runId !== own?.runId && closedAt !== null && Date.now() - closedAt < passedMs,
  );
  if (others.length === 0) return false;
  const steps = await store.ledger({ credential, limit: 200 });
  return others.some((other) => steps.some((step) => step.fence === other.fence && isOpen(step, steps)));
}

/** The same, where a containment must not depend on whether the ledger can be read. */
export async function mayBeUnderWay(store: Store, ref: VersionRef): Promise<boolean> {
  return isUnderWay(store, ref).catch(() => true);
}

/** It has begun, it did not end, and no later attempt has taken its place. */
function isOpen(step: LedgerRow, steps: readonly LedgerRow[]): boolean {
  const isSame = ({ runId, activity, activityId, title, version }: LedgerRow): boolean =>
    runId === step.runId &&
    activity === step.activity &&
    activityId === step.activityId &&
    title === step.title &&
    version === step.version;
  const isOver = (later: LedgerRow): boolean => later.event === 'started' || later.attempt === step.attempt;
  return step.event === 'started' && !steps.some((other) => other.seq > step.seq && isSame(other) && isOver(other));
}

/** Succeeds when no step of another run is under way any more, or after as long as a change may take. */
export async function letPass(store: Store, ref: VersionRef): Promise<void> {
  if (scope().waitedMs < passedMs && (await mayBeUnderWay(store, ref)))
    throw propagating('a step of the rotation that the emergency took over is under way; looked again', 1_000);
}
