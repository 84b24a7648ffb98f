/** Where a ledger ends. Kept outside the store it shows whether the store has been cut off or exchanged for an older one. */
export interface LedgerHead {
  /** How many entries there are. */
  readonly entries: number;
  /** HMAC of the last one (hex); empty before the first. */
  readonly head: string;
}

const form = /^(\d{1,15}):([0-9a-f]{64}|)$/;

/** As it is shown, sent and asked for: `142:9f3c…`. */
export function headText({ entries, head }: LedgerHead): string {
  return `${entries}:${head}`;
}

/** Null when the text is not one of `headText`. */
export function headOf(text: string): LedgerHead | null {
  const [, entries, head] = form.exec(text) ?? [];
  return entries === undefined || head === undefined ? null : { entries: Number(entries), head };
}
