import { azureRequests } from '../../../activities/azure/requests.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type Bench, startBench } from '../bench.js';
import { type AzureFixture, startAzureFixture } from './fixture.js';

let bench: Bench;
let fixture: AzureFixture;
let old: VersionRef;
let current: VersionRef;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startAzureFixture(bench);
  const rotation = await bench.rotate();
  [old, current] = [rotation.current!, rotation.next];
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

function declared(verb: keyof typeof azureRequests): RegExp {
  return patternOf(azureRequests[verb]);
}

it('declares what activities send', async () => {
  const { azure } = fixture;

  expect(await sentBy(() => azure.otherIsFree(current))).toMatch(declared('otherIsFree'));
  expect(await sentBy(() => azure.acceptsKey(old))).toMatch(declared('acceptsKey'));
  expect(await sentBy(() => azure.createKey(current))).toMatch(declared('createKey'));
  await bench.promote(current);
  expect(await sentBy(() => azure.regenerateKey(old))).toMatch(declared('regenerateKey'));
  expect(await sentBy(() => azure.refusesKey(old))).toMatch(declared('refusesKey'));
  expect(await sentBy(() => azure.survey(bench.credential))).toMatch(declared('survey'));
  expect(await sentBy(() => azure.checkAccess(bench.credential))).toMatch(declared('checkAccess'));
  expect(await sentBy(() => azure.identifyKey(current))).toMatch(declared('identifyKey'));
  for (const version of [old, current])
    await bench.store.note({ ...version, fence: current.fence }, { compromised: true });
  const slot = { version: current, slot: 'Key1' } as const;
  expect(await sentBy(() => azure.regenerateSlot(slot))).toMatch(declared('regenerateSlot'));
});

it('lists keys by POST, as the management API wants it', async () => {
  await bench.attempt(() => fixture.azure.otherIsFree(current));

  expect(fixture.lab.requests.filter(({ path }) => path.endsWith('/listKeys'))).toMatchObject([
    { method: 'POST', query: 'api-version=2025-09-01', status: 200 },
    { method: 'POST', query: 'api-version=2025-09-01', status: 200 },
  ]);
});
