import type { WriteReceipt, Version } from '../../src/store/records.js';
import type { Change } from './schemas.js';

/** Who made a change, as far as the engine knows: whether it was the user we log in as. */
type IsOurs = (change: Change) => boolean;

/** The receipt to begin a write with. After a write of unknown outcome, the one change that may be ours counts as ours. */
export function beginning(changes: readonly Change[], known: WriteReceipt | undefined, isOurs: IsOurs): WriteReceipt {
  if (!known) return { before: idOf(changes[0]) };
  const since = changes.filter(({ id }) => id > lastOf(known));
  const [only] = since;
  return only && since.length === 1 && isOurs(only) ? { ...known, ours: only.id } : known;
}

/** The receipt as it holds now: where the value was being written again, the one change that may be that write counts as ours. */
export function settled(
  changes: readonly Change[],
  receipt: WriteReceipt | undefined,
  isOurs: IsOurs,
): WriteReceipt | undefined {
  return receipt?.again ? beginning(changes, receipt, isOurs) : receipt;
}

export interface ReceiptStatus {
  readonly receipt: WriteReceipt | undefined;
  /** A write may have happened that the receipt does not know of. */
  readonly unknown: boolean;
}

/** What we know of the newest change: from the version's own write, or from an earlier attempt to restore. */
export function receiptStatus({ version, old, key }: { version: Version; old: Version; key: string }): ReceiptStatus {
  const [receipt, restored] = [version.receipts[key], old.receipts[key]];
  const begun = receipt && restored && restored.before >= lastOf(receipt);
  const [known, holder] = begun ? [restored, old] : [receipt, version];
  return { receipt: known, unknown: holder.engine === 'maybe' || known?.again === true };
}

/** Null when the newest change is ours or was there before us; else the change that shows that it may not be. */
export function strangerAmong(
  changes: readonly Change[],
  { receipt, unknown }: ReceiptStatus,
  isOurs: IsOurs,
): Change | null {
  const [newest] = changes;
  if (!newest || (receipt && newest.id === lastOf(receipt))) return null;
  const since = changes.filter(({ id }) => !receipt || id > lastOf(receipt));
  if (unknown && receipt && since.length === 1 && isOurs(newest)) return null;
  return since.find((change) => !isOurs(change)) ?? newest;
}

/** History ids begin at 1, so 0 stands for no change at all. */
export function idOf(change: Change | undefined): number {
  return change?.id ?? 0;
}

/** Who changed it and when, for a person. */
export function authorOf(change: Change | undefined): string {
  return change ? `by ${change.changed_by ?? 'somebody'} at ${change.changed_at ?? 'an unknown time'}` : 'by nobody';
}

/** A secret is shown by its first four characters and its length, a short one by eight stars, anything else as it is. */
export function fits(shown: string | null, value: string): boolean {
  const characters = [...value];
  const masked =
    characters.length > 8 ? characters.slice(0, 4).join('') + '*'.repeat(characters.length - 4) : '*'.repeat(8);
  return shown === masked || shown === value;
}

/** The newest change that we know to be ours, or that was there before us. */
function lastOf({ before, ours }: WriteReceipt): number {
  return ours ?? before;
}
