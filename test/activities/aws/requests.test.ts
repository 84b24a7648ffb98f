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

it('declares what activities send', async () => {
  const { aws, lab } = fixture;
  const { id, secret } = lab.createByHand();
  const adopted = await bench.adopt({ id, secret });
  expect(await sentBy(() => aws.identify(adopted))).toMatch(declared('identify'));
  const { next: current } = await bench.rotate();
  const old: VersionRef = { ...adopted, fence: current.fence };

  expect(await sentBy(() => aws.accepts(old))).toMatch(declared('accepts'));
  expect(await sentBy(() => aws.create(current))).toMatch(declared('create'));
  expect(await sentBy(() => aws.writesObject(current))).toMatch(declared('writesObject'));
  // Nothing is seen yet.
  expect(await sentBy(() => aws.sawUse(current).catch(() => null))).toMatch(declared('sawUse'));
  await bench.promote(current);
  expect(await sentBy(() => aws.isIdle(old))).toMatch(declared('isIdle'));
  expect(await sentBy(() => aws.deactivate(old))).toMatch(declared('deactivate'));
  expect(await sentBy(() => aws.refuses(old))).toMatch(declared('refuses'));
  expect(await sentBy(() => aws.activate(old))).toMatch(declared('activate'));
  expect(await sentBy(() => aws.survey(bench.credential))).toMatch(declared('survey'));
  expect(await sentBy(() => aws.checkAccess(bench.credential))).toMatch(declared('checkAccess'));
  await bench.store.note(old, { compromised: true });
  expect(await sentBy(() => aws.deactivate(old))).toMatch(declared('deactivate'));
  expect(await sentBy(() => aws.remove(old))).toMatch(declared('remove'));
});
