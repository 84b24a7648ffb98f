/** How a check ended. `not-observable` is an honest "nobody can tell", with the reason in `detail`. */
export type CheckOutcome = 'proved' | 'not-observable' | 'failed';

/** What a finding is about. Destruction asks for these by kind (src/domain/destruction.ts). */
export type EvidenceKind =
  | 'accepted' // the provider accepts the value
  | 'refused' // the provider refuses the value
  | 'ends' // the provider ends the value by itself at a time
  | 'refusing' // it refused the value in one round of questions; several in a row show the above
  | 'listed' // the engine lists the value's entry, and nobody else has changed what is in force
  | 'setting-ours' // the engine's newest change of the settings is the one we made
  | 'delivered' // the value stands where it was delivered besides the engine
  | 'document' // a test document went through after the switch
  | 'test-document' // a test document, by its name, is gone again; not observable while it is under way
  | 'processes' // every API process of the engine shows the value
  | 'connection' // the engine's own test of its connection succeeded
  | 'in-use' // the provider saw the value used by the engine
  | 'seen' // the engine is seen to use the value, or somebody accepts that this cannot be seen
  | 'observed' // a document went through with whatever the engine held, before anything was written
  | 'last-use' // when the provider saw the value used last, as seen just before a revocation
  | 'sessions' // what the value has issued is denied as well
  | 'gap' // no document was lost while the engine held halves of two values
  | 'idle' // nobody uses the old value any more
  | 'sole-user'; // nothing but the engine uses the value

/**
 * What a check found out. `detail` is one sentence for a person and never holds a secret.
 * `providerTime` is a Unix time in seconds by the provider's own clock, where it gave one: never compare it with ours.
 * @example { kind: 'accepted', outcome: 'proved', detail: 'GET /v1/models answered 200' }
 */
export interface Finding {
  readonly kind: EvidenceKind;
  readonly outcome: CheckOutcome;
  readonly detail: string;
  readonly providerTime?: number;
}

/** A finding as it is kept. */
export interface Evidence extends Finding {
  /** Unix milliseconds, our clock. */
  readonly at: number;
}

/** Proof older than this does not allow a destruction. */
export const freshProofMs = 10 * 60_000;
