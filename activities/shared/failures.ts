import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { FailureType } from '../../src/domain/failure.js';

type Details = Omit<Parameters<typeof ApplicationFailure.create>[0], 'message' | 'type'>;

/** Every failure of an activity is made here, so that its type is one of ours. */
export function failure(type: FailureType, message: string, details: Details = {}): ApplicationFailure {
  return ApplicationFailure.create({ message, type, ...details });
}

/** An expected wait, such as for a fresh key that is not known everywhere yet. Retried after `retryInMs`; not logged as a failure. */
export function propagating(message: string, retryInMs: number): ApplicationFailure {
  return failure('Propagating', message, { nextRetryDelay: retryInMs, category: ApplicationFailureCategory.BENIGN });
}

/** A provider's data do not show a use yet. The runner decides how long to wait, because that depends on the step. */
export function notSeenYet(message: string): ApplicationFailure {
  return failure('NotSeenYet', message, { nonRetryable: true, category: ApplicationFailureCategory.BENIGN });
}

/** Only a person can decide how to continue. */
export function needsDecision(message: string): ApplicationFailure {
  return permanent('NeedsDecision', message);
}

/** A transient failure with a message of our own. Retried. */
export function passing(message: string): ApplicationFailure {
  return failure('Unavailable', message);
}

/** A retry does not help. The message says what to do instead. */
export function permanent(type: FailureType, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type);
}
