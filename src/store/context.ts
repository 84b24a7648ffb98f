import type { Kysely } from 'kysely';
import type { KeyRing } from './key-ring.js';
import type { Tables } from './tables.js';
import { unsynced } from './sqlite.js';

/** What every query needs. Inside `write`, `db` is the transaction. */
export interface StoreContext {
  readonly db: Kysely<Tables>;
  readonly ring: KeyRing;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * One transaction. Await nothing but queries in `work`: a lock that is held longer freezes other processes.
 * SQLite serializes writers anyway; elsewhere the isolation level has to be asked for.
 */
export async function write<R>(context: StoreContext, work: (context: StoreContext) => Promise<R>): Promise<R> {
  return context.db
    .transaction()
    .setIsolationLevel('serializable')
    .execute((db) => work({ ...context, db }));
}

/**
 * A transaction for what was merely seen. It survives any death of the process at once, and that of the machine from the next `write`
 * on, because the log is in order: whatever acts on it is written after it. Waiting for the disk is most of what a transaction costs.
 */
export function writeUnsynced<R>(context: StoreContext, work: (context: StoreContext) => Promise<R>): Promise<R> {
  return unsynced(context.db, (db) => write({ ...context, db }, work));
}
