import { closeSync, existsSync, mkdirSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UserError } from '../../src/domain/user-error.js';
import { StoreBusy } from '../../src/store/failures.js';
import { createKeyRing } from '../../src/store/key-ring.js';
import { openStore } from '../../src/store/open-store.js';
import { adopted, type Bench, randomValue, startBench, containing } from './fixtures.js';

describe('Opening the store', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  const open = (change: Partial<Parameters<typeof openStore>[0]> = {}) =>
    openStore({ url: `sqlite:${bench.file}`, ring: bench.ring, ...change });

  it('finds again what was stored', async () => {
    const value = randomValue();
    const ref = await bench.store.adopt(adopted({ key: value }));
    await bench.store.destroy();

    const again = await open();

    expect(await again.unseal(ref)).toEqual({ key: value });
    expect(again.installation).toBe(bench.ring.installation);
    await again.destroy();
  });

  it('makes a database that only its owner can read', () => {
    for (const suffix of ['', '-wal', '-shm']) expect(statSync(bench.file + suffix).mode & 0o077).toBe(0);
  });

  it('makes no database unless it is asked to', async () => {
    const file = join(bench.folder, 'none.db');

    await expect(open({ url: `sqlite:${file}` })).rejects.toMatchObject({
      name: 'UserError',
      message: `There is no database at ${file}.`,
      next: containing('keyturn init'),
    });

    expect(existsSync(file)).toBe(false);
  });

  it('refuses the key ring of another installation', async () => {
    const ring = await createKeyRing(join(bench.folder, 'other.json'));

    for (const create of [false, true])
      await expect(open({ ring, create })).rejects.toThrow(
        `The key ring belongs to installation ${ring.installation}, the database to ${bench.ring.installation}.`,
      );
  });

  it('refuses a key ring that lacks the key of a stored value', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const other = await createKeyRing(join(bench.folder, 'other.json'));

    const opening = open({ ring: { ...bench.ring, active: other.active, sealing: other.sealing } });

    await expect(opening).rejects.toThrow(`lacks a sealing key of stored values: ${bench.ring.active}`);
  });

  it('takes a key ring with more keys than are used', async () => {
    const value = randomValue();
    const ref = await bench.store.adopt(adopted({ key: value }));
    const other = await createKeyRing(join(bench.folder, 'other.json'));
    const sealing = new Map([...bench.ring.sealing, ...other.sealing]);

    const store = await open({ ring: { ...bench.ring, active: other.active, sealing } });

    expect(await store.unseal(ref)).toEqual({ key: value });
    await store.destroy();
  });

  it('refuses a key ring with another ledger key', async () => {
    await bench.store.record({ event: 'started' });
    const other = await createKeyRing(join(bench.folder, 'other.json'));

    await expect(open({ ring: { ...bench.ring, ledger: other.ledger } })).rejects.toThrow('The ledger does not end');
  });

  it.each([
    ['the last entry is gone', 'delete from ledger where seq = 2'],
    ['all entries are gone', 'delete from ledger'],
    ['the last entry was edited', `update ledger set entry = replace(entry, 'second', 'other') where seq = 2`],
    [
      'the end was moved back',
      `update installation set ledger_seq = 1, ledger_mac = (select mac from ledger where seq = 1)`,
    ],
  ])('refuses to start when %s', async (_, sql) => {
    await bench.store.record({ event: 'first' });
    await bench.store.record({ event: 'second' });
    bench.edit(sql);

    await expect(open()).rejects.toMatchObject({
      name: 'UserError',
      message: 'The ledger does not end as recorded.',
      next: containing('keyturn reconcile'),
    });
  });

  it('refuses to start when the last entry and the end were cut off together', async () => {
    await bench.store.record({ event: 'first' });
    await bench.store.record({ event: 'second' });
    bench.edit('delete from ledger where seq = 2');
    bench.edit(`update installation set ledger_seq = 1, ledger_mac = (select mac from ledger)`);

    await expect(open()).rejects.toThrow('The ledger does not end as recorded.');
  });

  it('refuses a database of another schema', async () => {
    bench.edit('update installation set schema_version = 99');

    await expect(open()).rejects.toThrow('The database has schema 99');
  });

  it.each([false, true])("refuses somebody else's database and leaves it as it is (create: %s)", async (create) => {
    const file = join(bench.folder, 'foreign.db');
    const foreign = new DatabaseSync(file);
    foreign.exec('create table invoices (number integer)');

    await expect(open({ url: `sqlite:${file}`, create })).rejects.toThrow('not one of Keyturn');

    expect(foreign.prepare('select name from sqlite_master').all()).toEqual([{ name: 'invoices' }]);
    foreign.close();
  });

  it('says what is wrong when the file is something else', async () => {
    const file = join(bench.folder, 'letter.txt');
    writeFileSync(file, 'Dear reader, this is not a database at all.'.repeat(100));
    await expect(open({ url: `sqlite:${file}` })).rejects.toThrow('is not a database');

    const folder = join(bench.folder, 'folder.db');
    mkdirSync(folder);
    await expect(open({ url: `sqlite:${folder}` })).rejects.toThrow('cannot be opened');

    const nowhere = join(bench.folder, 'none', 'keyturn.db');
    await expect(open({ url: `sqlite:${nowhere}`, create: true })).rejects.toThrow('cannot be opened');
  });

  it('says so when the database is damaged', async () => {
    for (let entry = 0; entry < 200; entry++) await bench.store.record({ event: 'started', detail: 'x'.repeat(200) });
    await bench.store.destroy();
    const handle = openSync(bench.file, 'r+');
    for (let page = 2; page < 60; page++) writeSync(handle, Buffer.alloc(4096, page), 0, 4096, page * 4096);
    closeSync(handle);

    await expect(open()).rejects.toMatchObject({
      message: containing('is damaged'),
      next: containing('Restore it from a backup'),
    });
  });

  it('asks to try again while somebody else holds the database', async () => {
    const other = new DatabaseSync(bench.file);
    other.exec('begin immediate');

    const opening = open();

    await expect(opening).rejects.toBeInstanceOf(StoreBusy);
    other.exec('rollback');
    other.close();
    await (await open()).destroy();
  });

  it('names only the scheme of an address it cannot use', async () => {
    const opening = open({ url: 'postgres://keyturn:hidden-word@db.test/keyturn' });

    await expect(opening).rejects.toThrow('a store of type "postgres"');
    await expect(opening).rejects.toBeInstanceOf(UserError);
    await expect(opening).rejects.not.toThrow('hidden-word');
  });
});
