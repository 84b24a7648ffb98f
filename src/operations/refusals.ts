import { UserError } from '../domain/user-error.js';

/** What was asked for cannot be meant: nothing was done. */
export class UsageError extends UserError {}

/** Somebody ended the command, and it has cleared away after itself. */
export class Interrupted extends UserError {
  constructor() {
    super('Interrupted', { state: 'Everything it had started is gone, and it left nothing behind.', next: '' });
  }
}

/** A system that is needed does not answer. */
export class NotReachable extends UserError {}
