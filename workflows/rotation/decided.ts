import type { EvidenceKind } from '../../src/domain/evidence.js';
import type { DecisionRequest } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import { versions } from '../systems.js';
import { keep } from './bookkeeping.js';
import type { RotationRun } from './run.js';
import { Exit } from './step-failure.js';

interface Decided {
  /** Of the step or the wait that it is about. */
  readonly title: string;
  readonly version: VersionRef;
  readonly kind?: EvidenceKind | undefined;
}

/** Puts a decision on record, and returns it as the store knows it: who decided is not for a message to say. */
export async function recorded(
  run: RotationRun,
  decision: DecisionRequest,
  { title, version, kind }: Decided,
): Promise<DecisionRequest> {
  const { phase, input, next } = run;
  const call = versions.recordDecision({ version, title, ...decision, ...(kind && { kind }) });
  const author = await keep(run, call, {
    ...{ credential: input.credential, fence: next.fence, phase },
    ...{ title: `Record the decision: ${decision.decision}`, emergency: true },
  });
  return { ...decision, ...author };
}

/** A wait that somebody ends by leaving the way it is on. */
export async function leaveIfTold(run: RotationRun, told: DecisionRequest | null, title: string): Promise<void> {
  if (told?.decision !== 'roll-back' && told?.decision !== 'abandon') return;
  const { actor, reason } = await recorded(run, told, { title, version: run.next });
  throw new Exit(told.decision, `${actor}: ${reason}`);
}
