import type { Client } from '@temporalio/client';
import { loadConfig } from '../../src/config/load.js';
import { createPlayground, type Playground } from '../../src/lab/playground.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import type { Session } from '../../src/operations/session/session.js';
import { type CredentialStatus, statusOf } from '../../src/operations/rotate/status.js';
import { catalog } from '../../workflows/catalog.js';
import { adopted, type Bench, claims, openai, writer, randomValue, request, startBench } from '../store/fixtures.js';

let scenario: Scenario;
let playground: Playground;
let bench: Bench;
let session: Session;

beforeEach(async () => {
  scenario = await startOpenAiApiKey();
  playground = await createPlayground(scenario, { grace: '1 hour' });
  bench = await startBench();
  bench.clock = Date.now();
  const config = loadConfig(playground.file, catalog);
  session = {
    config,
    store: bench.store,
    systems: {} as never,
    activities: {},
    takenIn: [],
    close: async () => undefined,
  };
});
afterEach(async () => {
  await Promise.all([bench.close(), playground.remove(), scenario.stop()]);
});

const day = 86_400_000;
async function status(): Promise<CredentialStatus> {
  const [one] = await statusOf(session, null, 'openai');
  if (!one) throw new Error('it is not there');
  return one;
}

it('says that nothing is adopted', async () => {
  expect(await status()).toMatchObject({
    current: null,
    dueAt: null,
    trouble: ['Nothing is adopted: keyturn adopt openai'],
  });
});

it("counts a version's age and its interval from its adoption", async () => {
  bench.clock = Date.now() - 10 * day;
  await bench.store.adopt(adopted({ key: randomValue() }));

  const { current, dueAt, overdue, trouble } = await status();

  expect(current).toMatchObject({ number: 1, adopted: true, since: bench.clock });
  expect(dueAt).toBe(bench.clock + 90 * day);
  expect([overdue, trouble]).toEqual([false, []]);
});

it('says that a rotation is overdue', async () => {
  bench.clock = Date.now() - 91 * day;
  await bench.store.adopt(adopted({ key: randomValue() }));

  expect(await status()).toMatchObject({ overdue: true, trouble: ['Its rotation is overdue.'] });
});

describe('A paused schedule', () => {
  const described = async () => ({ state: { paused: true, note: 'ada: the migration' } });
  const client = {
    withDeadline: <T>(_deadline: number, ask: () => Promise<T>) => ask(),
    schedule: { getHandle: () => ({ describe: described }) },
  } as unknown as Client;

  it.each([
    [10, []],
    [
      200,
      ['Its rotation is overdue, and its schedule is paused (ada: the migration): keyturn schedules resume openai'],
    ],
  ])('is shown, and is trouble only when a rotation is overdue: after %s days', async (days, trouble) => {
    bench.clock = Date.now() - days * day;
    const ref = await bench.store.adopt(adopted({ key: randomValue() }));
    const cadence = { anchor: bench.clock, basis: 'every 90 days', why: 'a test' };
    await bench.store.setCadence(ref.credential, cadence, 'ada');

    const [seen] = await statusOf(session, client, 'openai');

    expect(seen).toMatchObject({ paused: 'ada: the migration', trouble });
  });
});

it('says when a scheduled rotation may begin, and keeps to the schedule after a rotation by hand', async () => {
  bench.clock = Date.now() - 10 * day;
  const ref = await bench.store.adopt(adopted({ key: randomValue() }));
  const cadence = { anchor: Date.now() - 30 * day, basis: 'every 90 days', why: 'a test' };
  await bench.store.setCadence(ref.credential, cadence, 'ada');

  const { scheduled, dueAt, nextWindowAt, overdue } = await status();

  expect([scheduled, overdue]).toEqual([true, false]);
  expect(dueAt).toBeGreaterThanOrEqual(cadence.anchor + 90 * day);
  expect(dueAt).toBeLessThan(cadence.anchor + 91 * day + 1000); // its share of a day
  expect(nextWindowAt).toBe(dueAt);
});

it('says that a store which was restored has to be compared first', async () => {
  await bench.store.adopt(adopted({ key: randomValue() }));
  bench.edit('update installation set restored_at = 1');

  expect((await status()).trouble).toEqual(['The store was restored from a backup: keyturn reconcile openai']);
});

it('says that an emergency was declared which nothing has begun to handle', async () => {
  await bench.store.adopt(adopted({ key: randomValue() }));
  const { askedAt, id } = await bench.store.ask({
    credential: 'openai',
    actor: 'ada',
    reason: 'it leaked',
    versions: null,
  });

  const { trouble } = await status();
  await bench.store.seize(openai, { ...request, trigger: 'emergency', emergencies: [id] }, writer);

  expect((await status()).trouble.join()).not.toContain('NOTHING IS REVOKED YET');
  expect(trouble[0]).toContain(`NOTHING IS REVOKED YET in the emergency of ${new Date(askedAt).toISOString()}`);
});

it('shows the rotation that runs, and counts nothing that it holds as an orphan', async () => {
  await bench.store.adopt(adopted({ key: randomValue() }));
  await bench.candidate();

  expect(await status()).toMatchObject({
    rotation: { version: 2, actor: 'ada', progress: null },
    ...{ orphans: [], openIntents: [], last: null, trouble: [] },
  });
});

it('lists the orphans of a rotation, and how it ended', async () => {
  await bench.store.adopt(adopted({ key: randomValue() }));
  const { next } = await bench.store.open(openai, claims, request, writer);
  const { label } = await bench.store.intend(next);
  await bench.store.close(next, 'abandoned', 'ada: for now');

  expect(await status()).toMatchObject({
    orphans: [{ number: 2, state: 'intended' }],
    openIntents: [label],
    last: { outcome: 'abandoned', why: 'ada: for now' },
    trouble: [
      'Its last rotation ended as abandoned: ada: for now',
      'Version 2 is an orphan, intended.',
      `An attempt may have made "${label}" at the provider.`,
    ],
  });
});

it('shows credentials that the configuration does not have any more', async () => {
  await bench.store.adopt(adopted({ key: randomValue() }, { credential: { ...openai, name: 'former' } }));

  const [, former] = await statusOf(session, null);

  expect(former).toMatchObject({
    credential: 'former',
    procedure: null,
    dueAt: null,
    trouble: ['It is in the store, but not in the configuration.'],
  });
});
