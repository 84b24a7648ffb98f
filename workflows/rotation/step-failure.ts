import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import type { FailureType } from '../../src/domain/failure.js';
import type { StepFailure } from '../../src/domain/rotation.js';

/** Where a rotation stands decides what trouble leads to. */
export type Mode =
  | 'forward' // nothing is in force yet: trouble that does not pass rolls back by itself
  | 'committed' // the new value is in force: nothing is taken back unattended, trouble waits for a person
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
 * Turns what was thrown through a procedure into the way to exit, also a failure between the steps, such as that of a decision's record.
 * Bugs stay bugs: they are rethrown and fail the task until the code is mended.
 */
export function exitOf(error: unknown): Exit {
  if (error instanceof Exit) return error;
  if (isCancellation(error)) return new Exit('roll-back', 'the workflow was cancelled');
  const { kind, why } = stepFailureOf(error);
  return new Exit(kind === 'lost' ? 'lost' : 'abandon', why);
}

const firstRetryMs = 30_000;
const longestRetryMs = 60 * 60_000;

/** Growing pauses between the runner's own retries: half a minute doubling up to an hour. */
export function retryPauseMs(tries: number): number {
  return Math.min(firstRetryMs * 2 ** tries, longestRetryMs);
}

/** Thrown through a procedure to leave it; never leaves the runner. */
export class Exit extends Error {
  override readonly name = 'Exit';
  readonly to: 'roll-back' | 'abandon' | 'emergency' | 'lost' | 'stale' | 'put-back';

  constructor(to: Exit['to'], why: string) {
    super(why);
    this.to = to;
  }
}
