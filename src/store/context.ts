import type { CompiledQuery, DialectAdapter, Kysely } from 'kysely';
import type { KeyRing } from './key-ring.js';
import type { Tables } from './tables.js';
import { unsynced } from './sqlite.js';

/** The context of every query. Inside `write`, `db` is the transaction. */
export interface StoreContext {
  readonly db: Kysely<Tables>;
  readonly ring: KeyRing;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Runs one transaction. Await only queries in `action`: a long lock blocks other processes.
 * SQLite serializes writers anyway; other databases need the isolation level.
 */
export async function write<R>(context: StoreContext, action: (context: StoreContext) => Promise<R>): Promise<R> {
  return context.db
    .transaction()
    .setIsolationLevel('serializable')
    .execute((db) => action({ ...context, db }));
}

/**
 * A transaction for observations, which does not wait for the disk: that is most of a transaction's cost. It survives a crash of the
 * process at once, and a crash of the machine after the next `write`. The log is ordered, so a later write that depends on an observation
 * is never on disk without it.
 */
export function writeUnsynced<R>(context: StoreContext, action: (context: StoreContext) => Promise<R>): Promise<R> {
  return unsynced(context.db, (db) => write({ ...context, db }, action));
}

/**
 * A query that is compiled at its first use with a database. Later calls only pass its parameters, in the order of the SQL text. Used for
 * queries that a rotation sends dozens of times: building one costs more than running it.
 */
export function compiled<R>(
  build: (db: Kysely<Tables>) => { compile(): CompiledQuery<R> },
): (db: Kysely<Tables>, parameters: readonly unknown[]) => Promise<R[]> {
  const known = new WeakMap<DialectAdapter, CompiledQuery<R>>();
  return async (db, parameters) => {
    const { adapter } = db.getExecutor();
    const query = known.get(adapter) ?? build(db).compile();
    known.set(adapter, query);
    return (await db.executeQuery<R>({ ...query, parameters })).rows;
  };
}
