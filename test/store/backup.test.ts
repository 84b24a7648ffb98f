import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeDown, contentsOf, copyDatabase, entryOf, markRestored } from '../../src/store/backup.js';
import { openStore } from '../../src/store/open-store.js';
import { adopted, type Bench, claims, openai, writer, randomValue, request, startBench } from './fixtures.js';

let bench: Bench;
let copy: string;

beforeEach(async () => {
  bench = await startBench();
  copy = join(bench.folder, 'copy.db');
});
afterEach(() => bench.close());

const openCopy = () => openStore({ url: `sqlite:${copy}`, ring: bench.ring, now: () => bench.clock });
const later = { ...writer, runId: 'run-2' };
const open = (as = writer) => bench.store.open(openai, claims, request, as);

async function restored(): Promise<Awaited<ReturnType<typeof openStore>>> {
  const { fence } = contentsOf(bench.file);
  await markRestored(copy, { ring: bench.ring, actor: 'ada', fence, now: bench.clock });
  return openCopy();
}

describe('A copy of a store', () => {
  it('holds what was stored, and says which keys it needs', async () => {
    const value = randomValue();
    const ref = await bench.store.adopt(adopted({ key: value }));

    copyDatabase(bench.file, copy);

    const { entries, head } = await bench.store.verifyLedger();
    expect(contentsOf(copy)).toMatchObject({
      installation: bench.ring.installation,
      kids: [bench.ring.active],
      ledger: { entries, head },
    });
    const store = await openCopy();
    expect(await store.unseal(ref)).toEqual({ key: value });
    await store.destroy();
  });

  it('can be read by its owner only, and replaces nothing', () => {
    copyDatabase(bench.file, copy);

    expect(statSync(copy).mode & 0o077).toBe(0);
    expect(() => copyDatabase(bench.file, copy)).toThrow('EEXIST');
  });

  it('shows to be the beginning of the ledger it was made from', async () => {
    await bench.store.record({ event: 'first' });
    copyDatabase(bench.file, copy);
    await bench.store.record({ event: 'second' });

    const { ledger } = contentsOf(copy);
    expect(entryOf(bench.file, ledger.entries)).toBe(ledger.head);
    expect(entryOf(copy, ledger.entries + 1)).toBeUndefined();
  });

  it('is not made one file while somebody has it open', async () => {
    copyDatabase(bench.file, copy);
    const store = await openCopy();

    const open = closeDown(copy);
    await store.destroy();

    expect([open, closeDown(copy)]).toEqual([false, true]);
  });

  it('says nothing of who has it open when it is no database', () => {
    writeFileSync(copy, 'Dear reader, this is not a database at all.'.repeat(100));

    expect(closeDown(copy)).toBe(true);
  });
});

describe('A restored store', () => {
  it('opens no rotation before the credential was reconciled', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    copyDatabase(bench.file, copy);
    const store = await restored();

    const opening = store.open(openai, claims, request, writer);

    await expect(opening).rejects.toMatchObject({ type: 'NeedsDecision', nonRetryable: true });
    await expect(opening).rejects.toThrow('keyturn reconcile openai');
    expect(await store.unreconciledSince('openai')).toBe(bench.clock);
    expect(await store.rotations()).toEqual([]);

    await store.confirmReconciled('openai', 'ada');
    expect(await store.unreconciledSince('openai')).toBeNull();
    await store.open(openai, claims, request, writer);
    await store.destroy();
  });

  it('asks for every credential on its own, and again after the next restore', async () => {
    copyDatabase(bench.file, copy);
    const store = await restored();
    await store.confirmReconciled('openai', 'ada');

    expect(await store.unreconciledSince('azure')).toBe(bench.clock);
    await store.destroy();

    const again = await restored();
    expect(await again.unreconciledSince('openai')).toBe(bench.clock);
    await again.destroy();
  });

  it('never gives a fence out that somebody may still hold', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    copyDatabase(bench.file, copy);
    const first = await open();
    await bench.store.close(first.next, 'abandoned', null);
    const held = await open(later);
    const store = await restored();
    await store.confirmReconciled('openai', 'ada');

    const opened = await store.open(openai, claims, request, { ...writer, runId: 'run-3' });

    expect(opened.fence).toBeGreaterThan(held.fence);
    await expect(store.fence(held.next, later)).rejects.toMatchObject({ type: 'FenceLost' });
    await expect(store.note({ ...held.next, number: 1 }, { provider: 'accepted' })).rejects.toMatchObject({
      type: 'FenceLost',
    });
    await store.destroy();
  });

  it('has higher fences after each restore of the same backup', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const fences: number[] = [];
    for (const runId of ['run-1', 'run-2']) {
      copy = join(bench.folder, `copy-for-${runId}.db`);
      copyDatabase(bench.file, copy);
      const store = await restored();
      await store.confirmReconciled('openai', 'ada');
      const { next, fence } = await store.open(openai, claims, request, { ...writer, runId });
      await store.close(next, 'abandoned', null);
      await store.destroy();
      fences.push(fence);
      bench.clock += 60_000;
    }

    expect(fences[1]).toBeGreaterThan(fences[0]!);
  });

  it('lets nobody go on with what was open when it was backed up', async () => {
    const { next } = await open();
    copyDatabase(bench.file, copy);

    const store = await restored();

    await expect(store.fence(next, writer)).rejects.toMatchObject({ type: 'FenceLost' });
    expect(await store.rotations()).toMatchObject([{ outcome: 'abandoned', why: 'the store was restored' }]);
    expect((await store.ledger()).at(-1)).toMatchObject({ event: 'restored', actor: 'ada' });
    expect((await store.verifyLedger()).brokenAt).toBeNull();
    await store.destroy();
  });

  it('does not hold up an emergency', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    copyDatabase(bench.file, copy);
    const store = await restored();

    const { targets } = await store.seize(openai, { ...request, trigger: 'emergency' }, writer);

    expect(targets).toMatchObject([{ number: 1 }]);
    await store.destroy();
  });
});

describe('Repairs', () => {
  it('take the place of a rotation, make no version, and end without an outcome', async () => {
    const current = await bench.store.adopt(adopted({ key: randomValue() }));

    const ref = await bench.store.beginRepair('openai', 'ada', writer);
    await expect(open(later)).rejects.toMatchObject({ type: 'NeedsDecision' });
    await bench.store.fence(ref, writer);
    await bench.store.endRepair(ref);

    expect(ref).toEqual({ ...current, fence: 1 });
    expect(await bench.store.versions()).toHaveLength(1);
    expect(await bench.store.rotations()).toMatchObject([{ outcome: null, closedAt: bench.clock }]);
    expect((await open(later)).fence).toBe(2);
  });

  it('wait for a rotation to end, and need something to repair', async () => {
    await expect(bench.store.beginRepair('openai', 'ada', writer)).rejects.toMatchObject({ type: 'NeedsDecision' });
    await open();

    await expect(bench.store.beginRepair('openai', 'ada', later)).rejects.toMatchObject({ type: 'NeedsDecision' });
  });

  it('make way for an emergency, which never takes an ended version for the next one', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const ref = await bench.store.beginRepair('openai', 'ada', writer);
    await bench.store.move(ref, 'retiring');
    await bench.store.move(ref, 'retired', 'attested');

    const { opened } = await bench.store.seize(openai, request, later);

    expect(opened.next.number).toBe(2);
    await expect(bench.store.fence(ref, writer)).rejects.toMatchObject({ type: 'FenceLost' });
  });
});
