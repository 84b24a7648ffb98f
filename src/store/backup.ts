import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { type StoreContext, write } from './context.js';
import type { KeyRing } from './key-ring.js';
import { append } from './ledger.js';
import { end } from './rotations.js';
import { openSqlite } from './sqlite.js';

/** Properties of a database file, read without opening it as a store: enough to know which key ring it needs. */
export interface Contents {
  readonly installation: string;
  readonly schemaVersion: number;
  /** Sealing keys that its values need. */
  readonly kids: readonly string[];
  readonly ledger: { readonly entries: number; readonly head: string };
  /** The highest fence of any rotation. */
  readonly fence: number;
}

const Installation = z.object({ id: z.string(), schema_version: z.int(), ledger_seq: z.int(), ledger_mac: z.string() });
const Kid = z.object({ kid: z.string() });
const QuickCheck = z.object({ quick_check: z.string() });
const Fence = z.object({ fence: z.int().nullable() });

/** For reading a file that another process may have open. */
function reading(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: 1000 });
}

/** Copies a consistent snapshot of a database, which may be in use, into a new file that only its owner can read. */
export function copyDatabase(file: string, target: string): void {
  closeSync(openSync(target, 'wx', 0o600));
  using database = reading(file);
  database.prepare('vacuum into ?').run(target);
}

/** Throws when it is not a database of Keyturn. */
export function contentsOf(file: string): Contents {
  using database = reading(file);
  const row = Installation.parse(database.prepare('select * from installation').get());
  const kids = database.prepare('select distinct kid from versions where kid is not null order by kid').all();
  const { fence } = Fence.parse(database.prepare('select max(fence) as fence from rotations').get());
  return {
    installation: row.id,
    schemaVersion: row.schema_version,
    kids: kids.map((each) => Kid.parse(each).kid),
    ledger: { entries: row.ledger_seq, head: row.ledger_mac },
    fence: fence ?? 0,
  };
}

/** SQLite's message about a damaged database. Null when it is intact. */
export function quickCheck(file: string): string | null {
  using database = reading(file);
  const { quick_check: found } = QuickCheck.parse(database.prepare('pragma quick_check(1)').get());
  return found === 'ok' ? null : found;
}

/** The HMAC of one ledger entry, which shows whether one ledger is the beginning of another. Undefined when the ledger is shorter. */
export function entryOf(file: string, seq: number): string | undefined {
  if (seq === 0) return '';
  using database = reading(file);
  const row = database.prepare('select mac from ledger where seq = ?').get(seq);
  return row && z.object({ mac: z.string() }).parse(row).mac;
}

/** Merges a database into one file, without WAL files, unless it is damaged. False when another process has it open. */
export function closeDown(file: string): boolean {
  try {
    using database = new DatabaseSync(file, { timeout: 0 });
    return database.prepare('pragma journal_mode = delete').get()?.['journal_mode'] === 'delete';
  } catch (error) {
    const code = typeof error === 'object' && error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
    return code !== 5; // SQLITE_BUSY
  }
}

interface Restoring {
  readonly ring: KeyRing;
  readonly actor: string;
  /** Fences up to this one may be held by processes that do not know of the restore. */
  readonly fence: number;
  readonly now: number;
}

/**
 * Marks a database as older than the real systems:
 * - Open rotations are closed.
 * - Every earlier fence is invalid. Restores of one backup have different times, and so different fences.
 * - Each credential has to be reconciled before its next rotation.
 */
export async function markRestored(file: string, { ring, actor, fence, now }: Restoring): Promise<void> {
  const db = openSqlite(file, { create: false });
  try {
    await write({ db, ring, now: () => now }, (inside) => invalidate(inside, { actor, fence, now }));
  } finally {
    await db.destroy();
  }
}

async function invalidate(context: StoreContext, { actor, fence, now }: Omit<Restoring, 'ring'>): Promise<void> {
  const { db } = context;
  const floor = Math.max(fence, Math.floor(now / 1000)); // in seconds, which pass faster than rotations
  await db.updateTable('installation').set({ restored_at: now, fence_floor: floor }).execute();
  await db.deleteFrom('reconciliations').execute();
  const rotations = await db.selectFrom('rotations').selectAll().where('closed_at', 'is', null).execute();
  for (const { credential, version: number, fence: held } of rotations)
    await end(context, { credential, number, fence: held }, { outcome: 'abandoned', why: 'the store was restored' });
  await append(context, { event: 'restored', actor, detail: `later fences are above ${floor}` });
}
