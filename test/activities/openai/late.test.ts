import { type Bench, startBench } from '../bench.js';
import { type OpenAiFixture, startOpenAiFixture } from './fixture.js';

let bench: Bench;
let fixture: OpenAiFixture;
beforeEach(async () => {
  bench = await startBench();
  fixture = await startOpenAiFixture(bench);
});
afterEach(async () => {
  await fixture.lab.stop();
  await bench.close();
});

it('deletes the key that it made too late, although it is called off at that moment', async () => {
  const { store } = bench;
  const { next } = await bench.rotate();
  const calledOff = new AbortController();
  const keep = store.keep.bind(store);
  Object.assign(store, {
    async keep(...kept: Parameters<typeof keep>) {
      await store.close(next, 'abandoned', 'somebody else took over');
      calledOff.abort();
      return keep(...kept);
    },
  });

  const late = bench.attempt(() => fixture.openai.create(next), { signal: calledOff.signal });

  await expect(late).rejects.toMatchObject({ type: 'FenceLost' });
  expect(fixture.lab.keys().filter(({ deleted }) => !deleted)).toEqual([]);
  expect((await store.intents(next.credential)).map(({ outcome }) => outcome)).toEqual(['deleted']);
});
