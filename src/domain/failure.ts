/**
 * `type` of every ApplicationFailure that the runner distinguishes. Any other failure may pass with time.
 * FenceLost: another rotation, run or installation holds the fence now; stop without undoing.
 * NeedsDecision: only a person can decide how to continue; the message says what is known.
 * StaleProof: a destruction was requested without fresh proof; take the proof again.
 * NotSeenYet: the provider's data do not show a use of the value yet.
 * Unauthorized, NotFound, Rejected: an outside system refused; waiting does not help.
 */
export type FailureType =
  | 'FenceLost'
  | 'NeedsDecision'
  | 'StaleProof'
  | 'CheckFailed'
  | 'Unauthorized'
  | 'NotFound'
  | 'Rejected'
  | 'Unavailable'
  | 'Propagating'
  | 'NotSeenYet';
