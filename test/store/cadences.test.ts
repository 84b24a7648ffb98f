import { type Bench, openai, writer, request, startBench } from './fixtures.js';

let bench: Bench;
beforeEach(async () => void (bench = await startBench()));
afterEach(() => bench.close());

const groups = [{ credentials: ['openai', 'azure', 'paperless'], limit: 2 }];
const cadence = { anchor: Date.UTC(2026, 10, 1), basis: 'every 90 days', why: 'counted from its adoption' };

it('remembers from when a schedule counts, and the ledger says who decided it', async () => {
  await bench.store.setCadence('openai', { ...cadence, anchor: 1 }, 'ada');
  await bench.store.setCadence('openai', cadence, 'ada');

  expect(await bench.store.cadence('openai')).toEqual(cadence);
  expect(await bench.store.cadence('azure')).toBeNull();
  expect((await bench.store.ledger()).at(-1)).toMatchObject({
    ...{ event: 'scheduled', credential: 'openai', actor: 'ada' },
    detail: 'every 90 days, counted from 2026-11-01T00:00:00.000Z: counted from its adoption',
  });
});

it('forgets it once, when the credential is scheduled no longer', async () => {
  await bench.store.setCadence('openai', cadence, 'ada');
  await bench.store.dropCadence('openai', 'ada');
  await bench.store.dropCadence('openai', 'ada');

  expect(await bench.store.cadence('openai')).toBeNull();
  expect((await bench.store.ledger()).map(({ event }) => event)).toEqual(['scheduled', 'unscheduled']);
});

it('lets no more through than may be in progress, whoever asks at the same time', async () => {
  const names = ['openai', 'azure', 'paperless'];

  const answers = await Promise.all(names.map((name) => bench.store.reserve(name, groups)));

  expect(answers.filter((waitsFor) => waitsFor.length === 0)).toHaveLength(2);
  expect(answers.find((waitsFor) => waitsFor.length > 0)).toHaveLength(2);
});

it('lets the same one through again when its answer was lost', async () => {
  const alone = [{ credentials: ['openai', 'azure'], limit: 1 }];

  expect(await bench.store.reserve('openai', alone)).toEqual([]);
  expect(await bench.store.reserve('openai', alone)).toEqual([]);
  expect(await bench.store.reserve('azure', alone)).toEqual(['openai']);
});

it('keeps with a rotation that its schedule counts from it', async () => {
  await bench.store.open(openai, [], { ...request, resetsCadence: true }, writer);

  expect(await bench.store.rotations('openai')).toMatchObject([{ request: { resetsCadence: true }, seized: false }]);
});
