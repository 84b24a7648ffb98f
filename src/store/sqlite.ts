import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { CompiledQuery, Kysely, type SqliteDatabase, SqliteDialect } from 'kysely';
import { UserError } from '../domain/user-error.js';
import { StoreBusy } from './failures.js';
import type { Tables } from './tables.js';

const busyTimeoutMs = 1000; // the wait blocks the event loop; a longer one would delay heartbeats

interface SqliteOptions {
  readonly create: boolean;
  /** Locks out every other process. SQLite then needs no shared-memory file, and so no space on the disk. */
  readonly alone?: boolean;
}

/**
 * Opens a database file with one connection, on which Kysely lets one transaction run at a time.
 * @throws UserError when there is no such file (and `create` is not set) or it is not a database
 */
export function openSqlite(file: string, { create, alone = false }: SqliteOptions): Kysely<Tables> {
  if (create) createPrivately(file);
  else if (!existsSync(file)) throw missing(file);
  return translated(file, () => {
    const database = new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
    try {
      if (alone) database.exec('pragma locking_mode = exclusive');
      database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on');
    } catch (error) {
      database.close(); // an open handle would block the next attempt
      throw error;
    }
    return new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(database, file) }) });
  });
}

const normal = CompiledQuery.raw('pragma synchronous = normal');
const full = CompiledQuery.raw('pragma synchronous = full');

/** Runs `action` on the connection while commits do not wait for the disk. */
export function unsynced<R>(database: Kysely<Tables>, action: (db: Kysely<Tables>) => Promise<R>): Promise<R> {
  return database.connection().execute(async (db) => {
    await db.executeQuery(normal);
    try {
      return await action(db);
    } finally {
      await db.executeQuery(full);
    }
  });
}

interface Prepared {
  readonly statement: StatementSync;
  /** Whether it returns rows. */
  readonly reader: boolean;
}

/** Adapts node:sqlite to Kysely. Errors are translated for people. */
export function adapt(database: DatabaseSync, file: string): SqliteDatabase {
  const prepared = new Map<string, Prepared>(); // a store has few queries, and compiling one costs more than running it
  function prepare(sql: string): Prepared {
    const known = prepared.get(sql);
    if (known) return known;
    const statement = translated(file, () => database.prepare(sql));
    const fresh = { statement, reader: statement.columns().length > 0 };
    prepared.set(sql, fresh);
    return fresh;
  }
  return {
    close: () => database.close(),
    prepare(sql) {
      const { statement, reader } = prepare(spelling(sql, database.isTransaction));
      return {
        reader,
        all: (parameters) => translated(file, () => statement.all(...parameters.map(toInput))),
        run: (parameters) => translated(file, () => statement.run(...parameters.map(toInput))),
        iterate: (parameters) => statement.iterate(...parameters.map(toInput)),
      };
    },
  };
}

/**
 * A transaction takes the write lock at once, so that its reads are still true when it writes.
 * After some errors SQLite rolls back by itself. A second rollback would fail and hide the first error.
 */
function spelling(sql: string, inTransaction: boolean): string {
  if (sql === 'begin') return 'begin immediate';
  return sql === 'rollback' && !inTransaction ? 'select 1' : sql;
}

function toInput(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value;
  throw new TypeError(`not a value for a column: ${typeof value}`);
}

/** Creates the file first: SQLite would make it readable by everybody. Its -wal and -shm files get the same mode. */
function createPrivately(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o600));
  } catch {
    throw translate(file, { errcode: 14 });
  }
}

function translated<R>(file: string, action: () => R): R {
  try {
    return action();
  } catch (error) {
    throw translate(file, error);
  }
}

/** Primary result codes of https://sqlite.org/rescode.html with advice. */
const explanations: Readonly<Record<number, { readonly what: string; readonly next: string }>> = {
  8: {
    what: 'cannot be written',
    next: 'Give the user that runs Keyturn write permission on the file and its folder.',
  },
  10: {
    what: 'cannot be read or written: the disk fails or is full',
    next: 'Check the disk and its free space, then run the same command again.',
  },
  11: { what: 'is damaged', next: 'Restore it from a backup, then run `keyturn reconcile`.' },
  13: { what: 'cannot grow: the disk is full', next: 'Free some space, then run the same command again.' },
  14: { what: 'cannot be opened', next: 'Check that its folder exists and that you may write to it.' },
  26: { what: 'is not a database', next: 'Check `store` in the configuration: it names another kind of file.' },
};

function translate(file: string, error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return error;
  const code = Number(error.errcode) & 0xff; // the other bits are the extended code
  if (code === 5) return new StoreBusy();
  const explanation = explanations[code];
  if (!explanation) return error;
  return new UserError(`The database ${file} ${explanation.what}.`, {
    state: 'Nothing was changed.',
    next: explanation.next,
  });
}

function missing(file: string): UserError {
  return new UserError(`There is no database at ${file}.`, {
    state: 'Nothing was changed.',
    next: 'Run `keyturn init` to create one, or set `store` in the configuration to its path.',
  });
}
