import type { Writer } from '../../src/store/records.js';
import { adopted, type Bench, claims, openai, writer, randomValue, request, startBench } from './fixtures.js';

const fenceLost = { type: 'FenceLost' };
const emergency = { actor: 'ben', trigger: 'emergency', reason: 'it leaked' } as const;

describe('An attempt that was frozen', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
    await bench.store.adopt(adopted({ key: randomValue() }));
  });

  afterEach(() => bench.close());

  const nth = (number: number, activity = '1'): Writer => ({ ...writer, attempt: { activity, number } });

  /** Another attempt of the same activity has begun. */
  const begins = (number: number, activity = '1') =>
    bench.store.record({
      ...{ event: 'started', credential: 'openai', ...writer },
      ...{ activityId: activity, attempt: number },
    });

  const open = (as: Writer) => bench.store.open(openai, claims, request, as);
  const openRows = async () => (await bench.store.rotations()).filter(({ closedAt }) => closedAt === null);

  it('opens no rotation once a later one has begun, also when that has come to an end', async () => {
    await begins(2);
    await expect(open(nth(1))).rejects.toMatchObject(fenceLost);
    const { next } = await open(nth(2));
    await bench.store.close(next, 'rolled-back', null);

    await expect(open(nth(1))).rejects.toMatchObject(fenceLost);
    expect(await openRows()).toEqual([]);
  });

  it('opens no second rotation of its run, whatever is known of attempts', async () => {
    const { next } = await open(nth(1));
    await bench.store.close(next, 'rolled-back', null);

    await expect(open(nth(1))).rejects.toMatchObject(fenceLost);
    expect(await openRows()).toEqual([]);
  });

  it('takes nothing over once a later one has begun, also after rotations that came since', async () => {
    await begins(2, '5');
    await bench.store.seize(openai, emergency, nth(2, '5'));
    const { opened } = await bench.store.seize(openai, emergency, nth(1, '9'));

    await expect(bench.store.seize(openai, emergency, nth(1, '5'))).rejects.toMatchObject(fenceLost);
    expect(await openRows()).toMatchObject([{ fence: opened.fence }]);
    expect(await bench.store.read(opened.next)).toMatchObject({ compromised: false });
  });

  it.each(['open', 'seize'] as const)('does not %s when somebody may have taken it for dead', async (what) => {
    const late = { ...writer, until: Date.now() - 1 };

    const act = what === 'open' ? open(late) : bench.store.seize(openai, emergency, late);

    await expect(act).rejects.toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(await openRows()).toEqual([]);
  });

  it('does not give a rotation back to a run that has handed it on', async () => {
    const { next } = await open(writer);
    const second = { ...writer, runId: 'run-2' };
    const attempt = { activity: '1', number: 1 };
    await bench.store.record({
      ...{ event: 'started', credential: 'openai', ...second },
      ...{ activityId: '1', attempt: 2 },
    });
    await bench.store.handOver(next, { ...writer, runId: 'run-3' });

    await expect(bench.store.handOver(next, { ...second, attempt })).rejects.toMatchObject(fenceLost);
    await bench.store.fence(next, { ...writer, runId: 'run-3' });
  });

  it('puts no version in force again that was taken back since', async () => {
    const next = await bench.candidate();
    await begins(2, '7');
    await bench.store.promote(next, nth(2, '7'));
    await bench.store.demote(next);

    await expect(bench.store.promote(next, nth(1, '7'))).rejects.toMatchObject(fenceLost);
    expect(await bench.store.read(next)).toMatchObject({ state: 'candidate' });
  });

  it('says nothing of a version', async () => {
    const next = await bench.candidate();
    await begins(2, '7');
    const finding = { kind: 'accepted', outcome: 'proved', detail: '' } as const;

    await expect(bench.store.note(next, { provider: 'accepted' }, nth(1, '7'))).rejects.toMatchObject(fenceLost);
    await expect(bench.store.prove(next, finding, { writer: nth(1, '7') })).rejects.toMatchObject(fenceLost);
    expect(await bench.store.read(next)).toMatchObject({ provider: 'unknown' });
    expect(await bench.store.evidence(next)).toEqual([]);
  });

  it('does not make an old finding the newest', async () => {
    const next = await bench.candidate();
    const at = bench.clock;
    const accepted = { kind: 'accepted', detail: '' } as const;
    bench.clock += 60_000;
    await bench.store.prove(next, { ...accepted, outcome: 'failed' });
    bench.clock += 60_000;

    await bench.store.prove(next, { ...accepted, outcome: 'proved' }, { writer, at });

    expect(await bench.store.evidence(next)).toMatchObject([
      { outcome: 'failed', at: at + 60_000 },
      { outcome: 'proved', at },
    ]);
  });
});
