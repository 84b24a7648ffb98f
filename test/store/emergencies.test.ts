import type { RotationRequest } from '../../src/domain/rotation.js';
import { adopted, type Bench, openai, writer, randomValue, startBench } from './fixtures.js';

const emergency: RotationRequest = { actor: 'ben', trigger: 'emergency', reason: 'it leaked' };
const containment = { workflowId: 'containment/openai', runId: 'run-7' };

describe('An emergency that is asked for', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await startBench();
  });

  afterEach(() => bench.close());

  const ask = (versions: readonly number[] | null = null) =>
    bench.store.ask({ credential: 'openai', actor: 'ben', reason: 'it leaked', versions });
  const seize = (ids: readonly string[], as = writer) =>
    bench.store.seize(openai, { ...emergency, emergencies: ids }, as);

  it('is on record before anybody does it, and the same again is the same one', async () => {
    const asked = await ask();
    bench.clock += 60_000;

    expect(await ask()).toEqual(asked);
    expect(asked).toMatchObject({ fence: null, workflowId: null, targets: [], containedAt: null });
    const entries = (await bench.store.ledger()).filter(({ event }) => event === 'emergency');
    expect(entries).toMatchObject([{ credential: 'openai', actor: 'ben', detail: 'it leaked' }]);
    expect((await ask([1])).id).not.toBe(asked.id);
  });

  it('is claimed by whoever seizes first; the other one is turned away and changes nothing', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const { id } = await ask();
    await seize([id], containment);

    await expect(seize([id])).rejects.toMatchObject({ type: 'FenceLost' });

    expect(await bench.store.emergencies('openai')).toMatchObject([
      { fence: 1, workflowId: 'containment/openai', targets: [1] },
    ]);
    expect((await bench.store.rotations()).filter(({ closedAt }) => closedAt === null)).toMatchObject([containment]);
    expect((await seize([id], containment)).targets).toMatchObject([{ number: 1 }]);
  });

  it('stops its clock once, and says so in the ledger', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const { id, askedAt } = await ask();
    const { opened } = await seize([id]);
    bench.clock = askedAt + 1500;

    await bench.store.stopClock(opened.next);
    bench.clock += 1000;
    await bench.store.stopClock(opened.next);

    expect(await bench.store.emergencies('openai')).toMatchObject([{ containedAt: askedAt + 1500 }]);
    const entries = (await bench.store.ledger()).filter(({ event }) => event === 'contained');
    expect(entries).toMatchObject([{ detail: 'everything known is contained 1.500 s after the command' }]);
  });

  it('goes on under the fence of a later one that takes it over', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const first = await ask();
    await seize([first.id]);
    const second = await ask();

    await seize([second.id], containment);

    expect(await bench.store.emergencies('openai')).toMatchObject([{ fence: 2 }, { fence: 2 }]);
  });

  it('of one version leaves what is in force alone, and ends what was never in force', async () => {
    const old = await bench.store.adopt(adopted({ key: randomValue() }));
    const next = await bench.candidate();
    await bench.store.note(next, { engine: 'yes' });
    await bench.store.note({ ...old, fence: 1 }, { engine: 'no' });
    await bench.store.promote(next);
    await bench.store.close({ ...old, number: 2, fence: 1 }, 'abandoned', null);
    await bench.candidate({ key: randomValue() }, { ...writer, runId: 'run-2' });
    const { id } = await ask([1]);

    const { targets, replace } = await seize([id]);

    expect(targets.map(({ number }) => number)).toEqual([1, 3]);
    expect(replace).toBe(false);
    expect((await bench.store.versions()).map(({ compromised }) => compromised)).toEqual([true, false, true, false]);
  });

  it('counts a discarded version as alive while nobody knows what an attempt to make it came to', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const { next } = await bench.store.open(openai, [], emergency, writer);
    await bench.store.intend(next);
    await bench.store.move(next, 'discarding');
    await bench.store.move(next, 'discarded');

    expect((await seize([])).targets.map(({ number }) => number)).toEqual([1, 2]);
  });

  it('keeps what a person has to review, each thing once', async () => {
    await bench.store.adopt(adopted({ key: randomValue() }));
    const { id } = await ask();
    const { opened } = await seize([id]);
    const login = { source: 'a log', at: '2026-01-01T00:00:00', what: 'login by admin' };

    await bench.store.keepMaterial(opened.next, [login]);
    await bench.store.keepMaterial(opened.next, [login, { ...login, what: 'logout by admin' }]);

    const [{ material } = { material: [] }] = await bench.store.emergencies('openai');
    expect(material.map(({ what }) => what)).toEqual(['login by admin', 'logout by admin']);
  });
});
