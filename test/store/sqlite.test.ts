import { DatabaseSync } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import { UserError } from '../../src/domain/user-error.js';
import { type StoreContext, write, writeUnsynced } from '../../src/store/context.js';
import { StoreBusy } from '../../src/store/failures.js';
import type { Tables } from '../../src/store/tables.js';
import { adapt, openSqlite } from '../../src/store/sqlite.js';
import { type Bench, startBench, containing } from './fixtures.js';

describe('SQLite', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  const on = (database: DatabaseSync): StoreContext => ({
    db: new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(database, bench.file) }) }),
    ring: bench.ring,
    now: Date.now,
  });

  const addCredential = (context: StoreContext, name: string, account = '') =>
    write(context, ({ db }) => db.insertInto('credentials').values({ name, procedure: '', account }).execute());

  const names = async ({ db }: StoreContext) =>
    (await db.selectFrom('credentials').select('name').execute()).map(({ name }) => name);

  it('keeps what it promised through a loss of power, erases what it deletes, and checks references', async () => {
    const db = openSqlite(bench.file, { create: false });
    const context: StoreContext = { db, ring: bench.ring, now: Date.now };

    expect(await pragma(context, 'journal_mode')).toBe('wal');
    expect(await pragma(context, 'synchronous')).toBe(2); // FULL
    expect(await pragma(context, 'secure_delete')).toBe(1);
    expect(await pragma(context, 'foreign_keys')).toBe(1);
    expect(await pragma(context, 'busy_timeout')).toBe(1000);
    await db.destroy();
  });

  it('waits for the disk again after a transaction that did not, however that ended', async () => {
    const db = openSqlite(bench.file, { create: false });
    const context: StoreContext = { db, ring: bench.ring, now: Date.now };

    expect(await writeUnsynced(context, (inside) => pragma(inside, 'synchronous'))).toBe(1); // NORMAL
    expect(await pragma(context, 'synchronous')).toBe(2);
    const failing = writeUnsynced(context, () => Promise.reject(new Error('no')));
    const beside = addCredential(context, 'beside');
    await expect(failing).rejects.toThrow('no');
    await beside;
    expect(await pragma(context, 'synchronous')).toBe(2);
    await db.destroy();
  });

  it('says that the disk is full, changes nothing, and goes on when there is space again', async () => {
    const database = new DatabaseSync(bench.file);
    const context = on(database);
    const { page_count: pages } = database.prepare('pragma page_count').get() as { page_count: number };
    database.exec(`pragma max_page_count = ${pages}`);

    const adding = addCredential(context, 'large', 'x'.repeat(100_000));

    await expect(adding).rejects.toBeInstanceOf(UserError);
    await expect(adding).rejects.toMatchObject({
      message: containing('the disk is full'),
      state: 'Nothing was changed.',
    });
    database.exec(`pragma max_page_count = ${pages + 100}`);
    await addCredential(context, 'small');
    expect(await names(context)).toEqual(['small']);
    await context.db.destroy();
  });

  it('says that a file may only be read', async () => {
    const context = on(new DatabaseSync(bench.file, { readOnly: true }));

    await expect(addCredential(context, 'openai')).rejects.toThrow('cannot be written');
    await context.db.destroy();
  });

  it('takes the lock at the start, so that two writers never both go on', async () => {
    const one = on(new DatabaseSync(bench.file, { timeout: 0 }));
    const two = on(new DatabaseSync(bench.file, { timeout: 0 }));

    await write(one, async () => {
      await expect(write(two, async () => undefined)).rejects.toBeInstanceOf(StoreBusy);
    });

    await addCredential(two, 'openai');
    expect(await names(one)).toEqual(['openai']);
    await one.db.destroy();
    await two.db.destroy();
  });

  it('runs the transactions of one store one after the other', async () => {
    const context = on(new DatabaseSync(bench.file));

    const all = Array.from({ length: 20 }, (_, index) => addCredential(context, `credential-${index}`));

    await Promise.all(all);
    expect(await names(context)).toHaveLength(20);
    await context.db.destroy();
  });

  it('undoes a transaction that fails halfway', async () => {
    const context = on(new DatabaseSync(bench.file));

    const failing = write(context, async ({ db }) => {
      await db.insertInto('credentials').values({ name: 'openai', procedure: '', account: '' }).execute();
      throw new Error('halfway');
    });

    await expect(failing).rejects.toThrow('halfway');
    expect(await names(context)).toEqual([]);
    await context.db.destroy();
  });
});

async function pragma({ db }: StoreContext, name: string): Promise<unknown> {
  const { rows } = await db.executeQuery<Record<string, unknown>>({
    ...db.selectFrom('ledger').select('seq').compile(),
    sql: `pragma ${name}`,
    parameters: [],
  });
  return Object.values(rows[0] ?? {})[0];
}
