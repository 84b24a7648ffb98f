import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { FailureType } from '../../src/domain/failure.js';

/** An expected wait, such as for a fresh key that is not known everywhere yet. Retried after `retryInMs`; not logged as a failure. */
export function propagating(message: string, retryInMs: number): ApplicationFailure {
  const type: FailureType = 'Propagating';
  return ApplicationFailure.create({
    message,
    type,
    nextRetryDelay: retryInMs,
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** A provider's data do not show a use yet. The runner decides how long to wait, because that depends on the step. */
export function notSeenYet(message: string): ApplicationFailure {
  const type: FailureType = 'NotSeenYet';
  return ApplicationFailure.create({
    message,
    type,
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** Only a person can decide how to continue. */
export function needsDecision(message: string): ApplicationFailure {
  const type: FailureType = 'NeedsDecision';
  return ApplicationFailure.nonRetryable(message, type);
}

/** A transient failure with a message of our own. Retried. */
export function passing(message: string): ApplicationFailure {
  const type: FailureType = 'Unavailable';
  return ApplicationFailure.create({ message, type });
}

/** A retry does not help. The message says what to do instead. */
export function permanent(type: FailureType, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type);
}
