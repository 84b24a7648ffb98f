import { createVersionsActivities } from '../../../activities/versions/activities.js';
import { type Bench, randomValue, startBench } from '../bench.js';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

it('says the same again when a rotation was closed and only the answer was lost', async () => {
  const { store } = bench;
  const versions = createVersionsActivities({
    store,
    credential: () => {
      throw new Error('closing does not ask for the configuration');
    },
  });
  await bench.adopt({ key: randomValue() });
  const { next } = await bench.rotate();
  await bench.give(next, { key: randomValue() });
  const close = () => bench.attempt(() => versions.closeRotation({ version: next, outcome: 'abandoned', why: null }));

  const first = await close();

  expect(await close()).toEqual(first);
  await expect(
    bench.attempt(() => versions.closeRotation({ version: next, outcome: 'retired', why: null })),
  ).rejects.toMatchObject({ type: 'FenceLost' });
});
