import { runDirectly } from '../../../activities/shared/scope.js';
import { isUnderWay, letPass, mayBeUnderWay } from '../../../activities/versions/emergencies.js';
import type { VersionRef } from '../../../src/domain/version.js';
import type { LedgerEntry, Writer } from '../../../src/store/records.js';
import { type Bench, failureOf, randomValue, startBench } from '../bench.js';

let bench: Bench;
let planned: VersionRef;
beforeEach(async () => {
  bench = await startBench();
  await bench.adopt({ key: randomValue() });
  planned = (await bench.rotate()).next;
});
afterEach(() => bench.close());

const another: Writer = { workflowId: 'direct/openai', runId: 'run-2' };

/** Writes down what happened to a step of the rotation. */
function step(event: LedgerEntry['event'], entry: Partial<LedgerEntry> = {}) {
  const { credential, number: version, fence } = planned;
  const known = { credential, version, fence, title: 'Update the setting', activity: 'docuelevate.writeSettings' };
  const as = { workflowId: bench.writer.workflowId, runId: bench.writer.runId, activityId: '7', attempt: 1 };
  return bench.store.record({ ...known, ...as, ...entry, event });
}

async function seize(writer = another): Promise<VersionRef> {
  const row = { name: bench.credential, procedure: 'openai-api-key', account: 'a test' };
  const request = { actor: 'ada', trigger: 'emergency', reason: 'a test', emergencies: [] } as const;
  return (await bench.store.seize(row, request, writer)).opened.next;
}

it('waits for a step of another run until its end is on record', async () => {
  await step('started');
  const next = await seize();

  const failure = await failureOf(bench.attempt(() => letPass(bench.store, next)));
  await step('failed');
  await bench.attempt(() => letPass(bench.store, next));

  expect(failure).toMatchObject({ type: 'Propagating', nextRetryDelay: 1_000 });
});

it('waits for the newest attempt of a step', async () => {
  await step('started');
  await step('started', { attempt: 2 });
  const next = await seize();
  const isOpen = await isUnderWay(bench.store, next);

  await step('failed');
  const isStillOpen = await isUnderWay(bench.store, next);
  await step('succeeded', { attempt: 2 });

  expect([isOpen, isStillOpen, await isUnderWay(bench.store, next)]).toEqual([true, true, false]);
});

it('takes a step for one that is under way when the ledger cannot be read, and waits no longer for it either', async () => {
  const next = await seize();
  const unreadable = { ...bench.store, ledger: () => Promise.reject(new Error('a row was changed')) };
  const wait = (waitedMs: number) => runDirectly(another, () => letPass(unreadable, next), { waitedMs });

  expect(await mayBeUnderWay(unreadable, next)).toBe(true);
  await expect(wait(39_000)).rejects.toMatchObject({ type: 'Propagating' });
  await expect(wait(40_000)).resolves.toBeUndefined();
});

it('waits no longer than a change may take', async () => {
  await step('started');
  bench.clockOffsetMs = -41_000;

  expect(await isUnderWay(bench.store, await seize())).toBe(false);
});

it.each([
  ['its own run', () => step('started'), () => seize({ ...bench.writer, workflowId: 'rotation/openai' })],
  ['a step of another rotation', () => step('started', { fence: 99 }), () => seize()],
  ['what never began', () => step('waiting'), () => seize()],
])('does not wait for %s', async (_, happens, taken) => {
  await happens();

  expect(await isUnderWay(bench.store, await taken())).toBe(false);
});
