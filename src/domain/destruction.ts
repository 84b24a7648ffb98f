import { type Evidence, type EvidenceKind, freshProofMs } from './evidence.js';
import type { EngineView, VersionState } from './version.js';

/** What a destruction is judged by: the victim, and the version that takes its place. */
export interface Destruction {
  readonly victim: {
    readonly state: VersionState;
    readonly engine: EngineView;
    readonly compromised: boolean;
    readonly evidence: readonly Evidence[];
  };
  readonly successor: { readonly evidence: readonly Evidence[] } | null;
  readonly now: number;
  /** The value is only switched off and can be switched on again: that shows whether the engine still needs it. */
  readonly undoable?: boolean;
}

/** What has to be shown of the successor before the version it replaces may be disabled. */
const neededToDisable: readonly EvidenceKind[] = ['accepted', 'setting-ours', 'document'];

/** And before it may be deleted: without `seen`, a document could have gone through with the very value that goes. */
const neededToDelete: readonly EvidenceKind[] = [...neededToDisable, 'seen'];

/**
 * Why a value may not be disabled or deleted now, or null when it may (design, safety rules 4 and 5).
 * An emergency contains first: what is compromised may always go.
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

/** The newest finding of a kind counts, and only while it is fresh. */
function holds(evidence: readonly Evidence[], kind: EvidenceKind, now: number): boolean {
  const newest = evidence.filter((item) => item.kind === kind).sort((a, b) => b.at - a.at)[0];
  return newest !== undefined && newest.outcome !== 'failed' && now - newest.at <= freshProofMs;
}
