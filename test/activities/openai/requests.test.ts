import { openai } from '../../../activities/openai/provider.js';
import { endpoints } from '../../../activities/openai/requests.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { labPath, type OpenAiFixture, startOpenAiFixture } from './fixture.js';

let bench: Bench;
let fixture: OpenAiFixture;
let old: VersionRef;
let current: VersionRef;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startOpenAiFixture(bench);
  const first = await bench.rotate();
  await bench.attempt(() => fixture.openai.create(first.next));
  await bench.attempt(() => fixture.openai.accepts(first.next));
  await bench.promote(first.next);
  const second = await bench.rotate();
  [old, current] = [second.current!, second.next];
  await bench.attempt(() => fixture.openai.create(current));
  await bench.promote(current);
});
afterEach(async () => {
  await fixture.lab.stop();
  await bench.close();
});

/** What one activity sent, besides what was sent before it. */
async function sentBy(work: () => Promise<unknown>): Promise<string> {
  const before = fixture.lab.requests.length;
  await bench.attempt(work);
  return linesOf(fixture.lab.requests.slice(before));
}

function declared(verb: keyof typeof openai.requests): RegExp {
  return patternOf(openai.requests[verb], '/v1');
}

it.each(['sawUse', 'isIdle', 'remove', 'identify'] as const)(
  'declares what %s sends where lists have pages',
  async (verb) => {
    const { openai } = fixture;
    for (let count = 0; count < 150; count += 1) fixture.lab.createUserKey(`other ${count}`);

    expect(await sentBy(() => openai[verb](old))).toMatch(declared(verb));
  },
);

it("declares what remove sends for a person's key", async () => {
  const user = fixture.lab.createUserKey('by hand');
  await bench.store.note(old, { providerId: `api_key/${user.id}` });

  expect(await sentBy(() => fixture.openai.remove(old))).toMatch(declared('remove'));
});

it('declares what create and remove send to clean up after lost attempts', async () => {
  const { next } = await bench.rotate();
  for (const round of [1, 2]) {
    const lost = await bench.store.intend(next);
    fixture.lab.createServiceAccount(`${lost.label}`);
    if (round === 2) fixture.lab.createServiceAccount('another');
  }

  expect(await sentBy(() => fixture.openai.create(next))).toMatch(declared('create'));

  fixture.lab.faults.add({ method: 'POST', path: labPath(endpoints.createKey), kind: 'reset-after' });
  const third = await bench.rotate();
  await failureOf(bench.attempt(() => fixture.openai.create(third.next)));
  await bench.store.move(third.next, 'discarding');

  expect(await sentBy(() => fixture.openai.remove(third.next))).toMatch(declared('remove'));
});
