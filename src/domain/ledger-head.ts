/** Where a ledger ends. A copy outside the store shows whether the store was truncated or replaced by an older one. */
export interface LedgerHead {
  /** Number of entries. */
  readonly entries: number;
  /** HMAC of the last entry (hex); empty before the first. */
  readonly head: string;
}

const form = /^(\d{1,15}):([0-9a-f]{64}|)$/;

/** The form that people and programs see: `142:9f3c…`. */
export function headText({ entries, head }: LedgerHead): string {
  return `${entries}:${head}`;
}

/** Parses the form of `headText`; null for any other text. */
export function headOf(text: string): LedgerHead | null {
  const [, entries, head] = form.exec(text) ?? [];
  return entries === undefined || head === undefined ? null : { entries: Number(entries), head };
}
