/** How a check ended. `not-observable`: nothing can show it, and `detail` says why. */
export type CheckOutcome = 'proved' | 'not-observable' | 'failed';

/** What a finding is about. src/domain/destruction.ts requires some of these kinds. */
export type EvidenceKind =
  | 'accepted' // the provider accepts the value
  | 'refused' // the provider refuses the value
  | 'ends' // the value expires at the provider at a given time
  | 'refusing' // the provider refused the value in one round of probes; several in a row show `refused`
  | 'listed' // the engine lists the value's entry, and nobody else has changed the value in force
  | 'setting-ours' // the engine's newest change of the settings is ours
  | 'delivered' // the value is still where it was delivered besides the engine
  | 'document' // a test document went through after the switch
  | 'test-document' // a test document, by its name, is deleted again; not observable while it is being processed
  | 'processes' // every API process of the engine shows the value; after a restart: each process that can be asked was started anew
  | 'restart-due' // what an engine's processes read only at their start was changed
  | 'restarted' // a restart of the engine's processes, dated by its beginning, has succeeded
  | 'connection' // the engine's own test of its connection succeeded
  | 'in-use' // the provider saw the value used by the engine
  | 'seen' // the engine was seen to use the value, or a person accepts that this cannot be seen
  | 'observed' // a document went through with the value that the engine held, before anything was written
  | 'last-use' // when the provider saw the value used last, read just before a revocation
  | 'sessions' // sessions and tokens issued with the value are denied as well
  | 'gap' // no document was lost while the engine held parts of two values
  | 'idle' // nothing uses the old value any more
  | 'sole-user'; // nothing but the engine uses the value

/**
 * The result of a check. `detail` is one sentence for a person and never contains a secret.
 * `providerTime` is Unix seconds by the provider's clock, where it gave one: never compare it with our clock.
 * @example { kind: 'accepted', outcome: 'proved', detail: 'GET /v1/models answered 200' }
 */
export interface Finding {
  readonly kind: EvidenceKind;
  readonly outcome: CheckOutcome;
  readonly detail: string;
  readonly providerTime?: number;
}

/** A finding as the store keeps it. */
export interface Evidence extends Finding {
  /** Unix milliseconds, our clock. */
  readonly at: number;
}

/** Proof older than this does not allow a destruction. */
export const freshProofMs = 10 * 60_000;
