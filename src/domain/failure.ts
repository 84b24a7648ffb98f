/**
 * `type` of every ApplicationFailure that the runner tells apart. Anything else is trouble that waiting may help.
 * FenceLost: another rotation, run or installation is the writer now; stop without undoing.
 * NeedsDecision: only a person can say how to go on; the message says what is known.
 * StaleProof: a destruction was asked for without fresh proof; take the proof again.
 * NotSeenYet: the provider's data do not show a use of the value, and may do so later.
 * Unauthorized, NotFound, Rejected: an outside system said no; waiting does not help.
 */
export const failureTypes = [
  'FenceLost',
  'NeedsDecision',
  'StaleProof',
  'CheckFailed',
  'Unauthorized',
  'NotFound',
  'Rejected',
  'Unavailable',
  'Propagating',
  'NotSeenYet',
] as const;
export type FailureType = (typeof failureTypes)[number];
