import { ApplicationFailure, CancelledFailure, TemporalFailure } from '@temporalio/common';
import type { FailureType } from '../../src/domain/failure.js';
import { UserError } from '../../src/domain/user-error.js';
import { OutsideError } from './outside-error.js';

/** The longest we let a provider's Retry-After hold a step: beyond it the runner decides. */
const longestRetryAfterMs = 5 * 60_000;

/**
 * The one place that decides whether waiting helps. Whatever an activity threw becomes a failure that carries no body, no cause and no stack
 * of foreign text: failures are stored by Temporal in clear.
 */
export function toFailure(error: unknown): Error {
  if (error instanceof TemporalFailure || error instanceof CancelledFailure) return error;
  if (error instanceof OutsideError) return outside(error);
  if (error instanceof UserError) return failure(`${error.message}. ${error.next}`, 'NeedsDecision', true);
  // Our own bug or the machine's trouble: the message may hold anything, so only the kind of error is told.
  return failure(
    `internal trouble (${error instanceof Error ? error.constructor.name : typeof error})`,
    'Unavailable',
    false,
  );
}

function outside(error: OutsideError): ApplicationFailure {
  const { status } = error;
  const passing = status === undefined || status === 408 || status === 429 || status >= 500;
  const type: FailureType = passing
    ? 'Unavailable'
    : status === 401 || status === 403
      ? 'Unauthorized'
      : status === 404
        ? 'NotFound'
        : 'Rejected';
  return ApplicationFailure.create({
    message: error.message,
    type,
    nonRetryable: !passing,
    ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: Math.min(error.retryAfterMs, longestRetryAfterMs) }),
  });
}

function failure(message: string, type: FailureType, nonRetryable: boolean): ApplicationFailure {
  return ApplicationFailure.create({ message, type, nonRetryable });
}
