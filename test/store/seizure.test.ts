import { adopted, type Bench, claims, openai, writer, randomValue, request, startBench } from './fixtures.js';
import type { RotationRequest } from '../../src/domain/rotation.js';

const emergency: RotationRequest = { actor: 'ben', trigger: 'emergency', reason: 'seen in a public log' };

describe('An emergency', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  const seize = (as = writer) => bench.store.seize(openai, emergency, as);
  const numbers = (refs: readonly { readonly number: number }[]) => refs.map(({ number }) => number);

  it('opens a rotation by itself and names what lives', async () => {
    const current = await bench.store.adopt(adopted({ key: randomValue() }));

    const { opened, targets } = await seize();

    expect(opened).toMatchObject({ fence: 1, current: { number: 1, fence: 1 }, next: { number: 2, fence: 1 } });
    expect(targets).toEqual([{ ...current, fence: 1 }]);
    expect(await bench.store.read(current)).toMatchObject({ compromised: true, state: 'current' });
    expect(await bench.store.read(opened.next)).toMatchObject({ compromised: false, state: 'intended' });
    await bench.store.fence(opened.next, writer);
  });

  it.each([
    ['its own run', writer],
    ['another run', { ...writer, runId: 'run-2' }],
    ['another workflow', { workflowId: 'containment/openai', runId: 'run-9' }],
  ])('takes over what is open, and whoever was writing is out (%s)', async (_, as) => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const planned = await bench.candidate();

    const { opened, targets } = await seize(as);

    expect(opened).toMatchObject({ fence: 2, next: { number: 3, fence: 2 } });
    expect(numbers(targets)).toEqual([1, 2]);
    await expect(bench.store.fence(planned, writer)).rejects.toMatchObject({ type: 'FenceLost' });
    await expect(bench.store.promote(planned)).rejects.toMatchObject({ type: 'FenceLost' });
    await bench.store.fence(opened.next, as);
    expect(await bench.store.rotations()).toMatchObject([
      { fence: 2, version: 3, request: emergency, closedAt: null, ...as },
      { fence: 1, version: 2, outcome: 'abandoned', why: 'an emergency took over: seen in a public log' },
    ]);
    expect((await bench.store.ledger()).at(-1)).toMatchObject({ event: 'seized', fence: 2, actor: 'ben', ...as });
  });

  it('goes on with the planned next version when nothing was tried for it yet, under its own fence', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const planned = await bench.store.open(openai, claims, request, writer);

    const { opened, targets } = await seize();

    expect(opened.next).toEqual({ credential: 'openai', number: 2, fence: 2 });
    expect(numbers(targets)).toEqual([1]);
    await expect(bench.store.intend(planned.next)).rejects.toMatchObject({ type: 'FenceLost' });
    await bench.store.intend(opened.next);
  });

  it('counts a version as alive when an attempt to make it is on record', async () => {
    const planned = await bench.store.open(openai, claims, request, writer);
    await bench.store.intend(planned.next);

    const { opened, targets } = await seize();

    expect(numbers(targets)).toEqual([1]);
    expect(opened.next.number).toBe(2);
  });

  it('answers the same when it is repeated, without what has died by then', async () => {
    const current = await bench.store.adopt(adopted({ key: randomValue() }));
    await bench.candidate();
    const first = await seize();
    await bench.store.move({ ...current, fence: 2 }, 'retiring');
    await bench.store.move({ ...current, fence: 2 }, 'retired', 'proved');

    const again = await seize();

    expect(again.opened).toEqual({ ...first.opened, current: null, unconfirmed: false });
    expect(numbers(again.targets)).toEqual([2]);
    expect((await bench.store.ledger()).filter(({ event }) => event === 'seized')).toHaveLength(1);
  });

  it('gives way to a later one of somebody else', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const first = await seize();
    const other = { workflowId: 'containment/openai', runId: 'run-9' };

    const second = await seize(other);

    expect(second.opened.next).toEqual({ ...first.opened.next, fence: 2 });
    await bench.store.fence(second.opened.next, other);
    await expect(bench.store.fence(first.opened.next, writer)).rejects.toMatchObject({ type: 'FenceLost' });
  });

  it('contains its own new version too when that got a value, and makes another under a higher fence', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const first = await seize();
    const intent = await bench.store.intend(first.opened.next);
    await bench.store.keep(first.opened.next, intent, { providerId: 'x', parts: { key: randomValue() } });

    const again = await seize();

    expect(again.opened.next).toEqual({ credential: 'openai', number: 3, fence: 2 });
    expect(numbers(again.targets)).toEqual([1, 2]);
    await expect(bench.store.promote(first.opened.next)).rejects.toMatchObject({ type: 'FenceLost' });
  });

  it('is not undone: what is compromised never becomes current again', async () => {
    const old = await bench.store.adopt(adopted({ key: randomValue() }));
    const next = await bench.candidate();
    await bench.store.promote(next);
    const { opened } = await seize();

    await expect(bench.store.demote({ ...next, fence: opened.fence })).rejects.toMatchObject({ type: 'NeedsDecision' });

    expect(await bench.store.read(old)).toMatchObject({ state: 'retiring' });
  });

  it('does not promote a compromised candidate', async () => {
    const next = await bench.candidate();
    const { opened } = await seize();

    const promoting = bench.store.promote({ ...next, fence: opened.fence });

    await expect(promoting).rejects.toThrow('Version 1 of openai is compromised and must not become current');
  });

  it('is not joined by a late call that opens the planned rotation', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    await seize();

    await expect(bench.store.open(openai, claims, request, writer)).rejects.toMatchObject({ type: 'FenceLost' });
  });

  it('goes on after it was handed over', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const { opened } = await seize();
    const later = { ...writer, runId: 'run-2' };
    await bench.store.handOver(opened.next, later);

    expect((await seize(later)).opened).toEqual(opened);
  });

  it('does not act for another account than the stored values are for', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));

    const seizing = bench.store.seize({ ...openai, account: 'elsewhere' }, emergency, writer);

    await expect(seizing).rejects.toMatchObject({ type: 'NeedsDecision' });
    expect((await bench.store.versions())[0]?.compromised).toBe(false);
  });
});
