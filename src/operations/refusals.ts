import { UserError } from '../domain/user-error.js';

/** The request is invalid, and nothing was done. */
export class UsageError extends UserError {}

/** A person interrupted the command, and it has cleared away after itself. */
export class Interrupted extends UserError {
  constructor() {
    super('Interrupted', { state: 'Everything it had started is gone, and it left nothing behind.', next: '' });
  }
}

/** A required system does not answer. */
export class NotReachable extends UserError {}
