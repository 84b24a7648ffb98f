import { ApplicationFailure } from '@temporalio/common';
import type { FailureType } from '../domain/failure.js';

/** Another process held the database for longer than the busy timeout. Nothing was changed; a retry helps. */
export class StoreBusy extends Error {
  override readonly name = 'StoreBusy';

  constructor(message = 'The database is in use by another process. Nothing was changed; try again.') {
    super(message);
  }
}

/** Another rotation, run or installation is the writer now. */
export function fenceLost(message: string): ApplicationFailure {
  return refusal('FenceLost', message);
}

export function isFenceLost(error: unknown): boolean {
  const type: FailureType = 'FenceLost';
  return error instanceof ApplicationFailure && error.type === type;
}

/** Only a person can decide how to continue. */
export function needsDecision(message: string): ApplicationFailure {
  return refusal('NeedsDecision', message);
}

export function notFound(message: string): ApplicationFailure {
  return refusal('NotFound', message);
}

function refusal(type: FailureType, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type);
}
