import { ApplicationFailure } from '@temporalio/common';
import { adopted, type Bench, claims, openai, writer, randomValue, request, startBench } from './fixtures.js';

const fenceLost = { type: 'FenceLost', nonRetryable: true };
const needsDecision = { type: 'NeedsDecision', nonRetryable: true };

describe('A rotation', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  const open = (as = writer) => bench.store.open(openai, claims, request, as);

  it('starts from nothing with fence 1 and version 1', async () => {
    const opened = await open();

    const next = { credential: 'openai', number: 1, fence: 1 };
    expect(opened).toEqual({ fence: 1, current: null, next, unconfirmed: false });
    expect(await bench.store.read(next)).toMatchObject({ state: 'intended', parts: [], fingerprint: null, fence: 1 });
    expect(await bench.store.credentials()).toEqual([openai]);
  });

  it('is on record with who asked and why', async () => {
    await open();

    const row = {
      ...{ credential: 'openai', fence: 1, ...writer, version: 1, request },
      ...{ seized: false, graceMs: null, openedAt: bench.clock, closedAt: null, outcome: null, why: null },
    };
    expect(await bench.store.rotations()).toEqual([row]);
    expect(await bench.store.rotations('openai')).toEqual([row]);
    expect(await bench.store.rotations('azure')).toEqual([]);
  });

  it('starts from the current version, which is unconfirmed until a document went through with it', async () => {
    const current = await bench.store.adopt(adopted({ key: randomValue() }));
    await bench.store.prove(current, { kind: 'document', outcome: 'failed', detail: '' });
    await bench.store.prove(current, { kind: 'accepted', outcome: 'proved', detail: '' });
    await bench.store.prove(current, { kind: 'document', outcome: 'not-observable', detail: '' });

    const first = await open();
    await bench.store.prove(current, { kind: 'document', outcome: 'proved', detail: '' });
    const again = await open();

    expect(first).toMatchObject({
      current: { ...current, fence: 1 },
      next: { number: 2, fence: 1 },
      unconfirmed: true,
    });
    expect(again.unconfirmed).toBe(false);
  });

  it('does not ask to confirm a value that it made itself', async () => {
    const next = await bench.candidate();
    await bench.store.promote(next);
    await bench.store.close(next, 'retired', null);

    expect(await open()).toMatchObject({ current: { number: 1, fence: 2 }, unconfirmed: false });
  });

  it('is opened once by the same run, however often it asks', async () => {
    const first = await open();

    expect(await open()).toEqual(first);
    expect(await bench.store.versions()).toHaveLength(1);
    expect(await bench.store.rotations()).toHaveLength(1);
    expect(await bench.store.ledger()).toHaveLength(1);
  });

  it.each([
    { workflowId: 'rotation/openai', runId: 'run-2' },
    { workflowId: 'rotation/other', runId: 'run-1' },
  ])('keeps everybody else out while it is open ($workflowId, $runId)', async (other) => {
    await open();

    const opening = open(other);

    await expect(opening).rejects.toMatchObject(needsDecision);
    await expect(opening).rejects.toThrow('rotation/openai, since 2026-11-01T00:00:00.000Z');
    expect(await bench.store.versions()).toHaveLength(1);
  });

  it('does not keep out the rotation of another credential', async () => {
    await open();

    const other = await bench.store.open({ ...openai, name: 'azure' }, ['azure#key1'], request, writer);

    expect(other.next).toEqual({ credential: 'azure', number: 1, fence: 1 });
  });

  it('has a higher fence and another version than every one before it, and leaves their leftovers listed', async () => {
    const first = await bench.candidate();
    await bench.store.close(first, 'abandoned', null);
    const second = (await open({ ...writer, runId: 'run-2' })).next;
    await bench.store.close(second, 'abandoned', null);

    const third = await open({ ...writer, runId: 'run-3' });

    expect(third.next).toEqual({ credential: 'openai', number: 3, fence: 3 });
    const states = (await bench.store.versions('openai')).map(({ state }) => state);
    expect(states).toEqual(['candidate', 'intended', 'intended']);
  });

  it('may be followed by another one of the same run', async () => {
    const first = await open();
    await bench.store.close(first.next, 'abandoned', null);

    expect(await open()).toMatchObject({ fence: 2, next: { number: 2 } });
  });

  it('presents its fence under its own run only', async () => {
    const { next } = await open();

    await bench.store.fence(next, writer);
    await expect(bench.store.fence(next, { ...writer, runId: 'run-2' })).rejects.toMatchObject(fenceLost);
    await expect(bench.store.fence(next, { ...writer, workflowId: 'x' })).rejects.toMatchObject(fenceLost);
    await expect(bench.store.fence({ ...next, fence: 0 }, writer)).rejects.toMatchObject(fenceLost);
    await expect(bench.store.fence({ ...next, fence: 2 }, writer)).rejects.toMatchObject(fenceLost);
    await expect(bench.store.fence({ ...next, credential: 'azure' }, writer)).rejects.toMatchObject(fenceLost);
  });

  it('goes on under another run after it was handed over, and the earlier run is out', async () => {
    const { next } = await open();
    const later = { ...writer, runId: 'run-2' };

    await bench.store.handOver(next, later);
    await bench.store.handOver(next, later);

    await bench.store.fence(next, later);
    await expect(bench.store.fence(next, writer)).rejects.toMatchObject(fenceLost);
    expect((await open(later)).next).toEqual(next);
  });

  it('is not handed over to another workflow', async () => {
    const { next } = await open();

    await expect(bench.store.handOver(next, { workflowId: 'x', runId: 'run-2' })).rejects.toMatchObject(fenceLost);
  });

  it('changes nothing after it was closed', async () => {
    const next = await bench.candidate();
    await bench.store.close(next, 'abandoned', 'asked to');

    await expect(bench.store.fence(next, writer)).rejects.toBeInstanceOf(ApplicationFailure);
    await expect(bench.store.fence(next, writer)).rejects.toMatchObject(fenceLost);
    await expect(bench.store.handOver(next, writer)).rejects.toMatchObject(fenceLost);
    await expect(bench.store.move(next, 'discarding')).rejects.toMatchObject(fenceLost);
    await expect(bench.store.promote(next)).rejects.toMatchObject(fenceLost);
    await expect(bench.store.demote(next)).rejects.toMatchObject(fenceLost);
    await expect(bench.store.note(next, { provider: 'accepted' })).rejects.toMatchObject(fenceLost);
    await expect(bench.store.intend(next)).rejects.toMatchObject(fenceLost);
    await expect(
      bench.store.keep(next, { nonce: 'x' }, { providerId: 'x', parts: { key: randomValue() } }),
    ).rejects.toMatchObject(fenceLost);
    expect(await bench.store.rotations()).toMatchObject([
      { closedAt: bench.clock, outcome: 'abandoned', why: 'asked to' },
    ]);
  });

  it('is closed once, however often it is asked to', async () => {
    const { next } = await open();
    await bench.store.close(next, 'retired', null);
    bench.clock += 1000;

    await bench.store.close(next, 'retired', null);

    expect(await bench.store.rotations()).toMatchObject([{ closedAt: bench.clock - 1000 }]);
    expect((await bench.store.ledger()).filter(({ event }) => event === 'closed')).toHaveLength(1);
    await expect(bench.store.close(next, 'failed', null)).rejects.toMatchObject(fenceLost);
  });

  it('leaves a later one alone when it closes late', async () => {
    const { next } = await open();
    await bench.store.close(next, 'abandoned', null);
    const later = await open({ ...writer, runId: 'run-2' });

    await expect(bench.store.close(next, 'retired', null)).rejects.toMatchObject(fenceLost);

    await bench.store.fence(later.next, { ...writer, runId: 'run-2' });
  });

  it('cannot have what another credential owns', async () => {
    await bench.store.claim({ ...openai, name: 'azure' }, claims);

    const opening = open();

    await expect(opening).rejects.toMatchObject(needsDecision);
    await expect(opening).rejects.toThrow(
      'docuelevate:http://docs.test#openai_api_key already belongs to the credential azure',
    );
    expect(await bench.store.versions()).toEqual([]);
    expect(await bench.store.rotations()).toEqual([]);
  });

  it('cannot go on at another account than the stored values are for', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));

    const opening = bench.store.open({ ...openai, account: 'elsewhere' }, claims, request, writer);

    await expect(opening).rejects.toMatchObject(needsDecision);
    await expect(opening).rejects.toThrow('openai-api-key at elsewhere in the configuration');
  });

  it('can be previewed without changing anything', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));

    const preview = await bench.store.preview('openai');

    expect(await bench.store.rotations()).toEqual([]);
    expect(await bench.store.versions()).toHaveLength(1);
    expect(await open()).toEqual(preview);
    expect(await bench.store.preview('azure')).toEqual({
      ...{ fence: 1, current: null, unconfirmed: false },
      next: { credential: 'azure', number: 1, fence: 1 },
    });
  });
});
