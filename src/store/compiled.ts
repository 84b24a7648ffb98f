import type { CompiledQuery, DialectAdapter, Kysely } from 'kysely';
import type { Tables } from './tables.js';

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
