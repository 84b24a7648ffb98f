import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { FailureType } from '../../src/domain/failure.js';

/** Expected waiting, such as a fresh key that is not known everywhere yet: retried after `retryInMs`, not logged as trouble. */
export function propagating(message: string, retryInMs: number): ApplicationFailure {
  const type: FailureType = 'Propagating';
  return ApplicationFailure.create({
    message,
    type,
    nextRetryDelay: retryInMs,
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** A provider's data do not show a use yet: how long that is waited for depends on what hangs on it, so the runner decides. */
export function notSeenYet(message: string): ApplicationFailure {
  const type: FailureType = 'NotSeenYet';
  return ApplicationFailure.create({
    message,
    type,
    nonRetryable: true,
    category: ApplicationFailureCategory.BENIGN,
  });
}

/** Only a person can say how to go on. */
export function needsDecision(message: string): ApplicationFailure {
  const type: FailureType = 'NeedsDecision';
  return ApplicationFailure.nonRetryable(message, type);
}

/** Trouble that may pass, told in words of our own. */
export function passing(message: string): ApplicationFailure {
  const type: FailureType = 'Unavailable';
  return ApplicationFailure.create({ message, type });
}

/** Waiting does not help; the message says what to do instead. */
export function permanent(type: FailureType, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type);
}
