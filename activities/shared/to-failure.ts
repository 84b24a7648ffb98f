import { type ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { FailureType } from '../../src/domain/failure.js';
import { UserError } from '../../src/domain/user-error.js';
import { failure, needsDecision, passing } from './failures.js';
import { CannotTell, OutsideError } from './outside-error.js';

/** Longest Retry-After of a provider that a step waits for. Beyond it the runner decides. */
const longestRetryAfterMs = 5 * 60_000;

/** Longest wait of an emergency while another change of the same thing is in progress. */
const shortPauseMs = 2000;

/**
 * The one place that decides whether a retry helps. Turns any error of an activity into a failure without body, cause or foreign
 * stack: Temporal stores failures in plain text.
 */
export function toFailure(error: unknown, isEmergency = false): Error {
  if (error instanceof TemporalFailure) return error;
  if (error instanceof OutsideError) return outside(error, isEmergency);
  if (error instanceof CannotTell) return needsDecision(error.message);
  if (error instanceof UserError) return needsDecision(`${error.message}. ${error.next}`);
  // A bug of ours or a fault of the machine. The message may hold anything, so only the kind of error is reported.
  return passing(`internal error (${error instanceof Error ? error.constructor.name : typeof error})`);
}

function outside(error: OutsideError, isEmergency: boolean): ApplicationFailure {
  const { message, status, retryAfterMs } = error;
  const delayMs = isEmergency && isBusy(status) ? shortPauseMs : retryAfterMs;
  return failure(passes(status) ? 'Unavailable' : lasting(status), message, {
    nonRetryable: !passes(status),
    ...(delayMs === undefined ? {} : { nextRetryDelay: Math.min(delayMs, longestRetryAfterMs) }),
  });
}

function passes(status: number | undefined): boolean {
  return status === undefined || isBusy(status) || status === 408 || status === 429 || status >= 500;
}

/** Another change of the same thing is in progress. */
function isBusy(status: number | undefined): boolean {
  return status === 409 || status === 423;
}

function lasting(status: number | undefined): FailureType {
  if (status === 401 || status === 403) return 'Unauthorized';
  return status === 404 ? 'NotFound' : 'Rejected';
}
