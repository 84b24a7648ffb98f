import { type Evidence, type EvidenceKind, freshProofMs } from './evidence.js';
import type { EngineView, VersionState } from './version.js';

/** The facts that decide whether a version may be destroyed: the version itself, and its successor. */
export interface Destruction {
  readonly victim: {
    readonly state: VersionState;
    readonly engine: EngineView;
    readonly compromised: boolean;
    readonly evidence: readonly Evidence[];
  };
  readonly successor: { readonly evidence: readonly Evidence[] } | null;
  readonly now: number;
  /** The value is only disabled and can be enabled again, which shows whether the engine still needs it. */
  readonly undoable?: boolean;
}

/** Evidence that the successor needs before its predecessor may be disabled. */
const neededToDisable: readonly EvidenceKind[] = ['accepted', 'setting-ours', 'document'];

/** Evidence that it needs before its predecessor may be deleted. Without `seen`, the document may have used the old value. */
const neededToDelete: readonly EvidenceKind[] = [...neededToDisable, 'seen'];

/**
 * Why a value may not be disabled or deleted now; null when it may (design, safety rules 4 and 5).
 * An emergency contains first, so a compromised value may always be destroyed.
 */
export function whyNotDestroy({ victim, successor, now, undoable = false }: Destruction): string | null {
  if (victim.compromised) return null;
  if (victim.state === 'discarding')
    return victim.engine === 'never' || victim.engine === 'no' ? null : 'the engine may still hold it';
  if (victim.state !== 'retiring') return `it is ${victim.state}`;
  if (!successor) return 'nothing has taken its place';
  const missing = missingOf(successor.evidence, undoable ? neededToDisable : neededToDelete, now);
  missing.push(...missingOf(victim.evidence, ['idle'], now));
  return missing.length === 0 ? null : `no fresh proof of: ${missing.join(', ')}`;
}

function missingOf(evidence: readonly Evidence[], needed: readonly EvidenceKind[], now: number): EvidenceKind[] {
  return needed.filter((kind) => !holds(evidence, kind, now));
}

/** Only the newest finding of a kind counts, and only while it is fresh. */
function holds(evidence: readonly Evidence[], kind: EvidenceKind, now: number): boolean {
  const newest = evidence.filter((item) => item.kind === kind).sort((a, b) => b.at - a.at)[0];
  return newest !== undefined && newest.outcome !== 'failed' && now - newest.at <= freshProofMs;
}
