import type { CompiledQuery, DialectAdapter, Kysely } from 'kysely';
import type { Tables } from './tables.js';

/**
 * A query that is compiled at its first use with a database; afterwards only its parameters are filled in, in the order in which they
 * stand in the text. For what a rotation asks dozens of times: building such a query costs more than running it.
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
