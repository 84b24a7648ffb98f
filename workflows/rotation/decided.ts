import type { EvidenceKind } from '../../src/domain/evidence.js';
import type { DecisionRequest } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import { versions } from '../systems.js';
import { keep } from './bookkeeping.js';
import type { RotationRun } from './run.js';
import { Exit } from './step-failure.js';

interface Decided {
  /** Title of the step or the wait that it is about. */
  readonly title: string;
  readonly version: VersionRef;
  readonly kind?: EvidenceKind | undefined;
}

/** Records a decision and returns it as the store has it: the message does not say who decided. */
export async function recorded(run: RotationRun, decision: DecisionRequest, about: Decided): Promise<DecisionRequest> {
  const { title, version, kind } = about;
  const call = versions.recordDecision({ version, title, ...decision, ...(kind && { kind }) });
  const author = await keep(run, call, { title: `Record the decision: ${decision.decision}`, emergency: true });
  return { ...decision, ...author };
}

/** Throws Exit when a person ended the wait with a roll back or by abandoning. */
export async function exitIfTold(run: RotationRun, told: DecisionRequest | null, title: string): Promise<void> {
  if (told?.decision !== 'roll-back' && told?.decision !== 'abandon') return;
  const { actor, reason } = await recorded(run, told, { title, version: run.next });
  throw new Exit(told.decision, `${actor}: ${reason}`);
}

/** When a wait ends, after the wishes of people are granted and recorded. Unix milliseconds; 0 for now. */
export async function heed(run: RotationRun, title: string, deadline: number): Promise<number> {
  const { haste } = run.inbox;
  let until = deadline;
  for (let [first] = haste; first; [first] = haste) {
    const call = versions.grantHaste({ version: run.next, title, wish: first.wish });
    const byMs = await keep(run, call, { title: 'Look what is asked of the wait' });
    until = byMs === null ? 0 : until + byMs;
    haste.shift();
  }
  return until;
}
