import { type Bench, startBench } from '../bench.js';
import { type OpenAiStage, startOpenAiStage } from './stage.js';

let bench: Bench;
let stage: OpenAiStage;
beforeEach(async () => {
  bench = await startBench();
  stage = await startOpenAiStage(bench);
});
afterEach(async () => {
  await stage.lab.stop();
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

  const late = bench.attempt(() => stage.openai.createKey(next), { signal: calledOff.signal });

  await expect(late).rejects.toMatchObject({ type: 'FenceLost' });
  expect(stage.lab.keys().filter(({ deleted }) => !deleted)).toEqual([]);
  expect((await store.intents(next.credential)).map(({ outcome }) => outcome)).toEqual(['deleted']);
});
