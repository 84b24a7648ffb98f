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
}

/** What has to be shown of the successor before the version it replaces may be disabled or deleted. */
const neededOfSuccessor: readonly EvidenceKind[] = ['accepted', 'setting-ours', 'document', 'in-use'];

/**
 * Why a value may not be disabled or deleted now, or null when it may (design, safety rules 4 and 5).
 * An emergency contains first: what is compromised may always go.
 */
export function whyNotDestroy({ victim, successor, now }: Destruction): string | null {
  if (victim.compromised) return null;
  if (victim.state === 'discarding')
    return victim.engine === 'never' || victim.engine === 'no' ? null : 'the engine may still hold it';
  if (victim.state !== 'retiring') return `it is ${victim.state}`;
  if (!successor) return 'nothing has taken its place';
  const missing = neededOfSuccessor.filter((kind) => !holds(successor.evidence, kind, now));
  if (!holds(victim.evidence, 'idle', now)) missing.push('idle');
  return missing.length === 0 ? null : `no fresh proof of: ${missing.join(', ')}`;
}

/** The newest finding of a kind counts, and only while it is fresh. */
function holds(evidence: readonly Evidence[], kind: EvidenceKind, now: number): boolean {
  const newest = evidence.filter((item) => item.kind === kind).sort((a, b) => b.at - a.at)[0];
  return newest !== undefined && newest.outcome !== 'failed' && now - newest.at <= freshProofMs;
}
