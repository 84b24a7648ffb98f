import fc from 'fast-check';
import { type VersionState, versionStates } from '../../src/domain/version.js';
import { adopted, type Bench, claims, openai, writer, randomValue, request, startBench } from './fixtures.js';

const needsDecision = { type: 'NeedsDecision', nonRetryable: true };

describe('A version', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  const states = async () => (await bench.store.versions()).map(({ state }) => state);

  it('goes from candidate over discarding to discarded', async () => {
    const next = await bench.candidate();

    await bench.store.move(next, 'discarding');
    await bench.store.move(next, 'discarded');

    expect(await states()).toEqual(['discarded']);
  });

  it.each<[VersionState, VersionState]>([
    ['candidate', 'retired'],
    ['candidate', 'retiring'],
    ['candidate', 'intended'],
    ['candidate', 'discarded'],
  ])('does not go from %s to %s', async (from, to) => {
    const next = await bench.candidate();

    await expect(bench.store.move(next, to, 'proved')).rejects.toMatchObject(needsDecision);
    await expect(bench.store.move(next, to, 'proved')).rejects.toThrow(
      `Version 1 of openai is ${from} and cannot become ${to}`,
    );
  });

  it('becomes current by promotion alone', async () => {
    const next = await bench.candidate();

    await expect(bench.store.move(next, 'current')).rejects.toMatchObject(needsDecision);

    expect(await states()).toEqual(['candidate']);
  });

  it('may be moved again to where it is: the answer to the first call was lost', async () => {
    const next = await bench.candidate();
    await bench.store.move(next, 'discarding');

    await bench.store.move(next, 'discarding');

    expect(await states()).toEqual(['discarding']);
  });

  it('is retired with the time and with how its end was shown', async () => {
    const old = { ...(await bench.store.adopt(adopted({ key: randomValue() }))), fence: 1 };
    await bench.store.promote(await bench.candidate());

    await expect(bench.store.move(old, 'retired')).rejects.toThrow('there is no proof of its end');
    bench.clock += 5000;
    await bench.store.move(old, 'retired', 'not-observable');

    expect(await bench.store.read(old)).toMatchObject({
      ...{ state: 'retired', retiredAt: bench.clock, endProof: 'not-observable', fence: 1 },
    });
  });

  it('cannot be moved with the fence of another rotation', async () => {
    const next = await bench.candidate();

    for (const fence of [0, 2])
      await expect(bench.store.move({ ...next, fence }, 'discarding')).rejects.toMatchObject({ type: 'FenceLost' });

    expect(await states()).toEqual(['candidate']);
  });

  it('is unknown until it was made', async () => {
    await bench.store.open(openai, claims, request, writer);
    const ref = { credential: 'openai', number: 7, fence: 1 };
    const unknown = { type: 'NotFound', nonRetryable: true, message: 'The store has no version 7 of openai' };

    await expect(bench.store.read(ref)).rejects.toMatchObject(unknown);
    await expect(bench.store.unseal(ref)).rejects.toMatchObject(unknown);
    await expect(bench.store.move(ref, 'candidate')).rejects.toMatchObject(unknown);
    await expect(bench.store.promote(ref)).rejects.toMatchObject(unknown);
    await expect(bench.store.note(ref, { engine: 'yes' })).rejects.toMatchObject(unknown);
    await expect(bench.store.prove(ref, { kind: 'idle', outcome: 'proved', detail: '' })).rejects.toMatchObject(
      unknown,
    );
  });
});

describe('Promotion', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  const states = async () => (await bench.store.versions()).map(({ state }) => state);

  it('puts the new version in force and the old one aside, at once', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const next = await bench.candidate();
    bench.clock += 1000;

    await bench.store.promote(next);
    await bench.store.promote(next);

    expect(await bench.store.versions()).toMatchObject([
      { number: 1, state: 'retiring', fence: 1 },
      { number: 2, state: 'current', fence: 1, promotedAt: bench.clock },
    ]);
  });

  it('needs nothing to replace', async () => {
    await bench.store.promote(await bench.candidate());

    expect(await states()).toEqual(['current']);
  });

  it('is refused to a version without a value, and leaves the old one in force', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const { next } = await bench.store.open(openai, claims, request, writer);

    await expect(bench.store.promote(next)).rejects.toMatchObject(needsDecision);

    expect(await states()).toEqual(['current', 'intended']);
  });

  it('is reversed by demotion', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const next = await bench.candidate();
    await bench.store.promote(next);

    await bench.store.demote(next);
    await bench.store.demote(next);

    expect(await bench.store.versions()).toMatchObject([
      { number: 1, state: 'current' },
      { number: 2, state: 'candidate', promotedAt: null },
    ]);
  });

  it('is reversed to the newest version that was put aside', async () => {
    for (const runId of ['run-1', 'run-2', 'run-3']) {
      const next = await bench.candidate({ key: randomValue() }, { ...writer, runId });
      await bench.store.promote(next);
      if (runId !== 'run-3') await bench.store.close(next, 'abandoned', null);
    }
    expect(await states()).toEqual(['retiring', 'retiring', 'current']);

    await bench.store.demote({ credential: 'openai', number: 3, fence: 3 });

    expect(await states()).toEqual(['retiring', 'current', 'candidate']);
  });

  it('has nothing to reverse when it did not happen', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const next = await bench.candidate();

    await bench.store.demote(next);

    expect(await states()).toEqual(['current', 'candidate']);
  });

  it('cannot be made twice behind the store: the database itself allows one current version', async () => {
    await bench.store.promote(await bench.candidate());
    await bench.store.close({ credential: 'openai', number: 1, fence: 1 }, 'retired', null);
    await bench.candidate(undefined, { ...writer, runId: 'run-2' });

    expect(() => bench.edit(`update versions set state = 'current' where number = 2`)).toThrow(
      'UNIQUE constraint failed',
    );
  });

  it('never leads to two current versions, whatever is tried in whatever order', async () => {
    const act = fc.oneof(
      fc.record({
        act: fc.constant('move' as const),
        number: fc.integer({ min: 1, max: 4 }),
        to: fc.constantFrom(...versionStates),
      }),
      fc.record({
        act: fc.constantFrom('promote' as const, 'demote' as const),
        number: fc.integer({ min: 1, max: 4 }),
      }),
      fc.record({ act: fc.constant('rotate' as const) }),
      fc.record({ act: fc.constant('candidate' as const) }),
    );
    let run = 0;

    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 15 }), async (acts) => {
        const credential = { ...openai, name: `credential-${++run}` };
        let { next } = await bench.store.open(credential, [], request, writer);
        for (const step of acts) {
          const outcome = await attempt(step).catch((error: unknown) => error);
          if (outcome !== undefined) expect(outcome).toMatchObject({ nonRetryable: true });
          const current = (await bench.store.versions(credential.name)).filter(({ state }) => state === 'current');
          expect(current.length).toBeLessThanOrEqual(1);
        }
        await bench.store.close(next, 'abandoned', null);

        async function attempt(step: (typeof acts)[number]): Promise<void> {
          if (step.act === 'move') return bench.store.move({ ...next, number: step.number }, step.to, 'proved');
          if (step.act === 'promote') return bench.store.promote({ ...next, number: step.number });
          if (step.act === 'demote') return bench.store.demote({ ...next, number: step.number });
          if (step.act === 'candidate') return bench.store.move(next, 'candidate');
          await bench.store.close(next, 'abandoned', null);
          next = (await bench.store.open(credential, [], request, writer)).next;
        }
      }),
      { numRuns: 40 },
    );
  }, 20_000);
});
