import type { WriteReceipt, Version } from '../../src/store/records.js';
import type { Change } from './schemas.js';

/** Whether the engine attributes a change to the user that Keyturn logs in as. */
type IsOurs = (change: Change) => boolean;

/** The receipt at the start of a write. After a write of unknown outcome, a single change by our user counts as ours. */
export function beginning(changes: readonly Change[], known: WriteReceipt | undefined, isOurs: IsOurs): WriteReceipt {
  if (!known) return { before: idOf(changes[0]) };
  const since = changes.filter(({ id }) => id > lastOf(known));
  const [only] = since;
  return only && since.length === 1 && isOurs(only) ? { ...known, ours: only.id } : known;
}

/** The receipt after an interrupted rewrite of the value: a single change by our user counts as that rewrite. */
export function settled(changes: readonly Change[], receipt: WriteReceipt | undefined, isOurs: IsOurs) {
  return receipt?.again ? beginning(changes, receipt, isOurs) : receipt;
}

const renewer = 'onedrive_token_rotation';

/**
 * The changes without the newest ones by DocuElevate itself, which stores each newer refresh token that Microsoft sends. Such a token
 * stands for ours: an older one must not come back.
 */
export function withoutRenewals(changes: readonly Change[]): { own: readonly Change[]; renewed: boolean } {
  const first = changes.findIndex(({ changed_by }) => changed_by !== renewer);
  return { own: first < 0 ? [] : changes.slice(first), renewed: first > 0 };
}

export interface ReceiptStatus {
  readonly receipt: WriteReceipt | undefined;
  /** A write may have happened that is missing from the receipt. */
  readonly unknown: boolean;
}

/** The receipt of the newest change: of the version's own write, or of an earlier attempt to restore. */
export function receiptStatus({ version, old, key }: { version: Version; old: Version; key: string }): ReceiptStatus {
  const [receipt, restored] = [version.receipts[key], old.receipts[key]];
  const begun = receipt && restored && restored.before >= lastOf(receipt);
  const [known, holder] = begun ? [restored, old] : [receipt, version];
  return { receipt: known, unknown: holder.engine === 'maybe' || known?.again === true };
}

/** A change since our write that may be somebody else's. Null when the newest change is ours or older than our write. */
export function strangerAmong(changes: readonly Change[], status: ReceiptStatus, isOurs: IsOurs): Change | null {
  const { receipt, unknown } = status;
  const [newest] = changes;
  if (!newest || (receipt && newest.id === lastOf(receipt))) return null;
  const since = changes.filter(({ id }) => !receipt || id > lastOf(receipt));
  if (unknown && receipt && since.length === 1 && isOurs(newest)) return null;
  return since.find((change) => !isOurs(change)) ?? newest;
}

/**
 * The version whose write is the newest change of a setting. Undefined when none of ours has made it. A write of unknown outcome counts when it
 * is the only change since.
 */
export function holderAmong(
  versions: readonly Version[],
  { key, changes, isOurs }: { readonly key: string; readonly changes: readonly Change[]; readonly isOurs: IsOurs },
): Version | undefined {
  const [newest] = changes;
  return versions.findLast(({ engine, receipts }) => {
    const receipt = receipts[key];
    if (!newest || !receipt) return false;
    const known = engine === 'maybe' || receipt.again ? beginning(changes, receipt, isOurs) : receipt;
    return known.ours === newest.id;
  });
}

/** History ids begin at 1, so 0 means no change at all. */
export function idOf(change: Change | undefined): number {
  return change?.id ?? 0;
}

/** Author and time of a change, for people. */
export function authorOf(change: Change | undefined): string {
  return change ? `by ${change.changed_by ?? 'somebody'} at ${change.changed_at ?? 'an unknown time'}` : 'by nobody';
}

/**
 * Whether a shown value may be `value`. The engine masks a secret to its first four characters and its length, and a short secret to
 * eight stars. It shows anything else as it is.
 */
export function fits(shownValue: string | null, value: string): boolean {
  const characters = [...value];
  const masked =
    characters.length > 8 ? characters.slice(0, 4).join('') + '*'.repeat(characters.length - 4) : '*'.repeat(8);
  return shownValue === masked || shownValue === value;
}

/** The same. Of an address with a login the engine hides only the password. */
export function shows(shownValue: string | null, value: string): boolean {
  return fits(shownValue, value) || shownValue === value.replace(/:[^:@/]+@/, ':********@');
}

/** The newest change that is known to be ours, else the newest before our write. */
function lastOf({ before, ours }: WriteReceipt): number {
  return ours ?? before;
}
