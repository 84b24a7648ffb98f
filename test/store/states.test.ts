import { DatabaseSync } from 'node:sqlite';
import { copyDatabase } from '../../src/store/backup.js';
import { adopted, type Bench, claims, openai, writer, randomValue, request, startBench } from './fixtures.js';

let bench: Bench;

beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

const fits = async (): Promise<boolean> => (await bench.store.verifyLedger()).statesFit;
const changed = 'The state of a version was not written by Keyturn.';

/** Version 1 is retired, and version 2 in force. */
async function rotated(): Promise<void> {
  await bench.store.adopt(adopted({ key: randomValue() }));
  const next = await bench.candidate();
  await bench.store.promote(next);
  await bench.store.move({ ...next, number: 1 }, 'retired', 'proved');
  await bench.store.close(next, 'retired', null);
}

describe('The states of versions', () => {
  it('fit after everything that changes them', async () => {
    await bench.store.withdraw(await bench.store.adopt(adopted({ key: randomValue() })));
    expect(await fits()).toBe(true);
    await rotated();
    expect(await fits()).toBe(true);
    const { opened } = await bench.store.seize(openai, { ...request, trigger: 'emergency' }, writer);
    await bench.store.note(opened.next, { compromised: true });
    expect(await fits()).toBe(true);
    await bench.store.close(opened.next, 'abandoned', null);
    await bench.store.rename({ credential: 'openai', to: 'llm', actor: 'ada' });
    expect(await fits()).toBe(true);
    const alive = await bench.store.mayBeAlive('llm');
    const numbers = alive.map(({ number }) => number);
    await bench.store.forget('llm', numbers, 'ada');

    expect(await fits()).toBe(true);
    await (await bench.another()).destroy();
  });

  it.each([
    ['one that is retired is made live', `update versions set state = 'retiring' where number = 1`],
    ['the one in force is called retired', `update versions set state = 'retired' where number = 2`],
    ['its end was shown in another way', `update versions set end_proof = 'attested' where number = 1`],
    ['one is called compromised', 'update versions set compromised = 1 where number = 2'],
    ['one is called adopted', 'update versions set adopted = 1 where number = 2'],
    ['it came into force at another time', 'update versions set promoted_at = promoted_at + 1 where number = 2'],
    ['one is gone', 'delete from versions where number = 1'],
    ['the digest is another one', `update installation set states = 'nothing'`],
  ])('show it when somebody writes into the database: %s', async (_, sql) => {
    await rotated();

    bench.edit(sql);

    expect(await fits()).toBe(false);
    await expect(bench.another()).rejects.toThrow();
  });

  it('are not sealed by what is written afterwards, keep rotations from beginning, and hold no emergency up', async () => {
    await rotated();
    bench.edit(`update versions set state = 'retiring' where number = 1`);

    await bench.store.record({ event: 'later' });
    const opening = bench.store.open(openai, claims, request, writer);
    await expect(opening).rejects.toThrow('changed by something other than Keyturn');
    const { targets } = await bench.store.seize(openai, { ...request, trigger: 'emergency' }, writer);

    expect(targets.map(({ number }) => number)).toEqual([1, 2]);
    expect(await fits()).toBe(false);
    await expect(bench.another()).rejects.toThrow(changed);
  });

  it('cannot be those of an older copy, digest and all, nor sealed later on', async () => {
    await rotated();
    const copy = `${bench.file}.copy`;
    copyDatabase(bench.file, copy);
    const next = await bench.candidate();
    await bench.store.promote(next);
    const edit = (sql: string): void => {
      using database = new DatabaseSync(bench.file, { enableForeignKeyConstraints: false });
      database.exec(`attach '${copy}' as old; ${sql}`);
    };

    edit(`delete from versions; insert into versions select * from old.versions;
      update installation set states = (select states from old.installation)`);
    await bench.store.record({ event: 'later' });

    expect(await fits()).toBe(false);
    await expect(bench.another()).rejects.toThrow();
  });
});

it('does not seal a ledger over whose end somebody has cut off while it was in use', async () => {
  for (const event of ['one', 'two', 'three']) await bench.store.record({ event });
  bench.edit('delete from ledger where seq = 3');
  bench.edit('update installation set ledger_seq = 2, ledger_mac = (select mac from ledger where seq = 2)');

  await bench.store.record({ event: 'another third' });

  expect(await bench.store.verifyLedger()).toMatchObject({ entries: 3, brokenAt: 4 });
  await expect(bench.another()).rejects.toThrow('The ledger does not end as recorded.');
});
