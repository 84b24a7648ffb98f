import { UserError } from '../../domain/user-error.js';

/** The request is invalid, and nothing was done. */
export class UsageError extends UserError {}

/** The request for an emergency is invalid. */
export function notRevoked(what: string, next: string): UsageError {
  return new UsageError(what, { state: 'Nothing was revoked.', next });
}

/** A person interrupted the command, and it has cleared away after itself. */
export class Interrupted extends UserError {
  constructor(state = 'Everything it had started is gone, and it left nothing behind.') {
    super('Interrupted', { state, next: '' });
  }
}

/** A required system does not answer. */
export class NotReachable extends UserError {}
