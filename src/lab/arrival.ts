/** A document that a provider received. */
export interface Arrival {
  /** The value it was sent with, or the part that names it; null for the account's password. */
  readonly value: string | null;
  readonly content: Buffer | string;
  /** Unix milliseconds, real time. */
  readonly at: number;
}
