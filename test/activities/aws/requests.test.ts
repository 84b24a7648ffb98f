import { aws as provider } from '../../../activities/aws/provider.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type Bench, startBench } from '../bench.js';
import { type AwsFixture, startAwsFixture } from './fixture.js';

let bench: Bench;
let fixture: AwsFixture;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startAwsFixture(bench);
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

function declared(verb: keyof typeof provider.requests): RegExp {
  return patternOf(provider.requests[verb]);
}

it('declares what activities send that only AWS has, and what the end of a leaked key sends', async () => {
  const { aws, lab } = fixture;
  const key = lab.createByHand();
  const adopted = await bench.adopt({ id: key.id, secret: key.secret });
  await bench.attempt(() => aws.identify(adopted));
  const { next: current } = await bench.rotate();
  const old: VersionRef = { ...adopted, fence: current.fence };
  await bench.attempt(() => aws.accepts(old));
  await bench.attempt(() => aws.create(current));
  await bench.promote(current);

  expect(await sentBy(() => aws.writesObject(current))).toMatch(declared('writesObject'));
  expect(await sentBy(() => aws.deactivate(old))).toMatch(declared('deactivate'));
  expect(await sentBy(() => aws.activate(old))).toMatch(declared('activate'));
  await bench.store.note(old, { compromised: true });
  expect(await sentBy(() => aws.deactivate(old))).toMatch(declared('deactivate'));
  expect(await sentBy(() => aws.remove(old))).toMatch(declared('remove'));
});
