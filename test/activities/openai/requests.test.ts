import { endpoints, openAiRequests } from '../../../activities/openai/requests.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { labPath, type OpenAiStage, startOpenAiStage } from './stage.js';

let bench: Bench;
let stage: OpenAiStage;
let old: VersionRef;
let current: VersionRef;

beforeEach(async () => {
  bench = await startBench();
  stage = await startOpenAiStage(bench);
  const first = await bench.rotate();
  await bench.attempt(() => stage.openai.createKey(first.next));
  await bench.attempt(() => stage.openai.acceptsKey(first.next));
  await bench.promote(first.next);
  const second = await bench.rotate();
  [old, current] = [second.current!, second.next];
  await bench.attempt(() => stage.openai.createKey(current));
  await bench.promote(current);
});
afterEach(async () => {
  await stage.lab.stop();
  await bench.close();
});

/** What one activity sent, besides what was sent before it. */
async function sentBy(work: () => Promise<unknown>): Promise<string> {
  const before = stage.lab.requests.length;
  await bench.attempt(work);
  return linesOf(stage.lab.requests.slice(before));
}

function declared(verb: keyof typeof openAiRequests): RegExp {
  return patternOf(openAiRequests[verb], '/v1');
}

it.each(['acceptsKey', 'sawUse', 'isIdle', 'refusesKey', 'deleteKey', 'identifyKey'] as const)(
  'declares what %s sends',
  async (verb) => {
    const { openai } = stage;
    for (let count = 0; count < 150; count += 1) stage.lab.createUserKey(`other ${count}`);

    expect(await sentBy(() => openai[verb](old))).toMatch(declared(verb));
  },
);

it("declares what deleteKey sends for a person's key", async () => {
  const user = stage.lab.createUserKey('by hand');
  await bench.store.note(old, { providerId: `api_key/${user.id}` });

  expect(await sentBy(() => stage.openai.deleteKey(old))).toMatch(declared('deleteKey'));
});

it('declares what createKey sends', async () => {
  const { next } = await bench.rotate();

  expect(await sentBy(() => stage.openai.createKey(next))).toMatch(declared('createKey'));
});

it('declares what createKey and deleteKey send to clean up after lost attempts', async () => {
  const { next } = await bench.rotate();
  for (const round of [1, 2]) {
    const lost = await bench.store.intend(next);
    stage.lab.createServiceAccount(`${lost.label}`);
    if (round === 2) stage.lab.createServiceAccount('another');
  }

  expect(await sentBy(() => stage.openai.createKey(next))).toMatch(declared('createKey'));

  stage.lab.faults.add({ method: 'POST', path: labPath(endpoints.createKey), kind: 'reset-after' });
  const third = await bench.rotate();
  await failureOf(bench.attempt(() => stage.openai.createKey(third.next)));
  await bench.store.move(third.next, 'discarding');

  expect(await sentBy(() => stage.openai.deleteKey(third.next))).toMatch(declared('deleteKey'));
});

it('declares what checkAccess sends', async () => {
  expect(await sentBy(() => stage.openai.checkAccess(bench.credential))).toMatch(declared('checkAccess'));
});
