import { UserError } from '../domain/user-error.js';

/** What was asked for cannot be meant: nothing was done. */
export class UsageError extends UserError {}

/** A system that is needed does not answer. */
export class NotReachable extends UserError {}
