/** A document that a provider received. */
export interface Arrival {
  /** The credential value it was sent with; null for the account's password. */
  readonly value: string | null;
  readonly content: Buffer;
  /** Unix milliseconds, real time. */
  readonly at: number;
}
