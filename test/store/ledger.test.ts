import { readFileSync } from 'node:fs';
import { adopted, type Bench, openai, writer, randomValue, request, claims, startBench, matching } from './fixtures.js';

describe('The ledger', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  it('numbers its entries without gaps and gives them back in order', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, index) => bench.store.record({ event: `event ${index}` })));

    const rows = await bench.store.ledger();

    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    expect(new Set(rows.map(({ mac }) => mac)).size).toBe(30);
  });

  it('keeps every field of an entry, and the time by its clock', async () => {
    const entry = {
      ...{ event: 'succeeded', credential: 'openai', version: 3, fence: 2, actor: 'ada', phase: 'replace' as const },
      ...{
        title: 'Create a key',
        activity: 'openai.create',
        workflowId: 'rotation/openai',
        runId: 'r',
        activityId: '7',
      },
      ...{ attempt: 2, outcome: 'proved', detail: 'GET /v1/models answered 200' },
    };

    const row = await bench.store.record(entry);

    expect(row).toEqual({ ...entry, seq: 1, at: bench.clock, mac: matching(/^[0-9a-f]{64}$/) });
    expect(await bench.store.ledger()).toEqual([row]);
  });

  it('gives back one credential, or the newest entries', async () => {
    for (const credential of ['openai', 'azure', 'openai', 'openai'])
      await bench.store.record({ event: 'started', credential });

    expect((await bench.store.ledger({ credential: 'openai' })).map(({ seq }) => seq)).toEqual([1, 3, 4]);
    expect((await bench.store.ledger({ limit: 2 })).map(({ seq }) => seq)).toEqual([3, 4]);
    expect((await bench.store.ledger({ credential: 'openai', limit: 2 })).map(({ seq }) => seq)).toEqual([3, 4]);
  });

  it('says who adopted, opened and closed, and why', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }, { soleUser: true }));
    const { next } = await bench.store.open(openai, claims, request, writer);
    await bench.store.close(next, 'rolled-back', 'the document failed');

    expect(await bench.store.ledger()).toMatchObject([
      { event: 'adopted', credential: 'openai', version: 1, actor: 'ada', detail: 'Only the engine uses it' },
      { event: 'opened', version: 2, fence: 1, actor: 'ada', detail: 'manual: it is time', ...writer },
      { event: 'closed', version: 2, fence: 1, outcome: 'rolled-back', detail: 'the document failed' },
    ]);
  });

  it('verifies while it is whole, and names its head', async () => {
    expect(await bench.store.verifyLedger()).toEqual({ entries: 0, head: '', brokenAt: null, statesFit: true });
    let last = '';
    for (const event of ['one', 'two', 'three']) last = (await bench.store.record({ event })).mac;

    expect(await bench.store.verifyLedger()).toEqual({ entries: 3, head: last, brokenAt: null, statesFit: true });
  });

  it('verifies over more entries than fit into one page', async () => {
    for (let count = 0; count < 1001; count++) await bench.store.record({ event: 'started' });

    expect(await bench.store.verifyLedger()).toMatchObject({ entries: 1001, brokenAt: null });
    bench.edit(`update ledger set mac = 'x' where seq = 1001`);
    expect(await bench.store.verifyLedger()).toMatchObject({ entries: 1000, brokenAt: 1001 });
  }, 20_000);

  it.each([
    ['an entry was edited', `update ledger set entry = replace(entry, 'two', 'too') where seq = 2`, 2],
    ['an entry is no entry any more', `update ledger set entry = 'nothing' where seq = 2`, 2],
    ['an entry was removed', 'delete from ledger where seq = 2', 2],
    ['the first was removed', 'delete from ledger where seq = 1', 1],
    ['the last was removed', 'delete from ledger where seq = 4', 4],
    [
      'two were swapped',
      'update ledger set entry = (select entry from ledger l where l.seq = 5 - ledger.seq) where seq in (2, 3)',
      2,
    ],
    ['an entry was given to another credential', `update ledger set credential = 'azure' where seq = 3`, 3],
    ['an entry was added', `insert into ledger select 5, credential, entry, mac from ledger where seq = 4`, 5],
    ['the end was rewritten', `update installation set ledger_seq = 3`, 5],
  ])('shows where it is broken when %s', async (_, sql, brokenAt) => {
    for (const event of ['one', 'two', 'three', 'four']) await bench.store.record({ event, credential: 'openai' });

    bench.edit(sql);

    expect(await bench.store.verifyLedger()).toMatchObject({ brokenAt });
  });

  it('shows that the tail was cut off, even when its end was corrected', async () => {
    for (const event of ['one', 'two', 'three']) await bench.store.record({ event });

    bench.edit('delete from ledger where seq = 3');
    bench.edit('update installation set ledger_seq = 2, ledger_mac = (select mac from ledger where seq = 2)');

    expect(await bench.store.verifyLedger()).toMatchObject({ entries: 2, brokenAt: 3 });
  });

  it('cannot be continued by somebody without the ring', async () => {
    await bench.store.record({ event: 'one' });
    const other = await startBench();
    await other.store.record({ event: 'one' });

    expect((await other.store.ledger())[0]?.mac).not.toBe((await bench.store.ledger())[0]?.mac);
    await other.close();
  });

  it('tells a person when an entry cannot be read', async () => {
    await bench.store.record({ event: 'one' });
    bench.edit(`update ledger set entry = 'nothing'`);

    await expect(bench.store.ledger()).rejects.toMatchObject({
      name: 'UserError',
      message: 'Ledger entry 1 cannot be read.',
    });
  });

  it('holds readable text', async () => {
    await bench.store.record({ event: 'started', title: 'Create a new secret key' });
    await bench.store.destroy();

    expect(readFileSync(bench.file).includes('"title":"Create a new secret key"')).toBe(true);
  });
});
