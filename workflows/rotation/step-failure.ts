import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import type { FailureType } from '../../src/domain/failure.js';
import type { StepFailure } from '../../src/domain/rotation.js';

/** The mode of a rotation decides what a failed step leads to. */
export type Mode =
  | 'forward' // nothing is in force yet: a failure that does not pass rolls back by itself
  | 'committed' // the new value is in force: a failure waits for a person, and nothing rolls back by itself
  | 'undoing'
  | 'containing';

const kinds: Partial<Record<FailureType, StepFailure['kind']>> = {
  FenceLost: 'lost',
  NeedsDecision: 'ask',
  StaleProof: 'stale',
  Unauthorized: 'final',
  NotFound: 'final',
  Rejected: 'final',
  CheckFailed: 'final',
  NotSeenYet: 'unseen',
};

/** Reads the failure of an activity. Rethrows what is not one: cancellation and bugs of our own. */
export function stepFailureOf(error: unknown): StepFailure {
  if (!(error instanceof ActivityFailure)) throw error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure) {
    const kind = kinds[cause.type as FailureType];
    return { why: cause.message, kind: kind ?? (cause.nonRetryable ? 'final' : 'passing') };
  }
  if (cause instanceof TimeoutFailure) return { why: 'no answer in time; the step may have happened', kind: 'passing' };
  throw error;
}

/**
 * Turns what was thrown through a procedure into an exit, also a failure between steps, such as recording a decision. Bugs are rethrown and
 * fail the workflow task until the code is fixed.
 */
export function exitOf(error: unknown): Exit {
  if (error instanceof Exit) return error;
  if (isCancellation(error)) return new Exit('roll-back', 'the workflow was cancelled');
  const { kind, why } = stepFailureOf(error);
  return new Exit(kind === 'lost' ? 'lost' : 'abandon', why);
}

const firstRetryMs = 30_000;
const longestRetryMs = 60 * 60_000;

/** Pauses between the runner's own retries: half a minute, doubling up to an hour. */
export function retryPauseMs(tries: number): number {
  return Math.min(firstRetryMs * 2 ** tries, longestRetryMs);
}

/** Thrown through a procedure to leave it. The runner catches it. */
export class Exit extends Error {
  override readonly name = 'Exit';
  readonly to: 'roll-back' | 'abandon' | 'emergency' | 'lost' | 'stale' | 'put-back';

  constructor(to: Exit['to'], why: string) {
    super(why);
    this.to = to;
  }
}
