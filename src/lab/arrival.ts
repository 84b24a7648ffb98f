/** A document that a provider took. */
export interface Arrival {
  /** The value that it came with; null for the account's password. */
  readonly value: string | null;
  readonly content: Buffer;
  /** Unix milliseconds, real time. */
  readonly at: number;
}
