import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import { attended } from '../../../activities/shared/attended.js';
import { recordingInterceptor } from '../../../activities/shared/interceptor.js';
import { notSeenYet, passing, propagating } from '../../../activities/shared/failures.js';
import { asking } from '../../../activities/shared/lease.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import { type StepContext, stepHeader } from '../../../src/domain/step-context.js';
import { type Bench, startBench } from '../bench.js';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

const info = {
  ...{ activityId: '1', activityType: 'openai.refuses', attempt: 1, heartbeatTimeoutMs: 5000 },
  workflowExecution: { workflowId: 'rotation/openai', runId: 'run-1' },
};
const contextOf = (attempt: number) =>
  ({
    ...{ info: { ...info, attempt }, heartbeat: () => undefined },
    cancellationSignal: new AbortController().signal,
  }) as unknown as Context;

/** What the ledger says of an attempt that ends like this. */
async function entryFor(failure: Error): Promise<object | undefined> {
  await bench.adopt({ key: 'a value' });
  await bench.rotate();
  await expect(attempt(1, () => Promise.reject(failure))).rejects.toBe(failure);
  return (await bench.store.ledger()).at(-1);
}

/** One attempt of a check. */
async function attempt(number: number, work: () => Promise<unknown>): Promise<unknown> {
  const step: StepContext = {
    ...{ credential: 'openai', fence: 1, version: 1, phase: 'retire' },
    ...{ title: 'The old key is refused', check: true, emergency: false },
  };
  const headers = { [stepHeader]: defaultPayloadConverter.toPayload(step) };
  const { inbound } = recordingInterceptor(bench.store)(contextOf(number));
  return inbound!.execute!({ args: [], headers }, work);
}

describe('what fails for a rotation that an emergency without Temporal has taken over', () => {
  it.each([
    ['an error', () => Promise.reject(passing('no worker is online'))],
    ['a finding', async () => ({ kind: 'setting-ours', outcome: 'failed', detail: 'the setting was changed' })],
  ])('is no question to a person: %s', async (_, work) => {
    await bench.adopt({ key: 'a value' });
    await bench.rotate();
    const row = { name: 'openai', procedure: 'openai-api-key', account: 'a test' };
    const request = { actor: 'ada', trigger: 'emergency', reason: 'it leaked', emergencies: [] } as const;
    await bench.store.seize(row, request, { workflowId: 'direct/openai', runId: 'run-2' });

    await expect(attempt(1, work)).rejects.toMatchObject({ type: 'FenceLost' });
    expect((await bench.store.ledger()).at(-1)).toMatchObject({ event: 'failed', title: 'The old key is refused' });
  });
});

it('records a use that is merely not seen yet as waiting, and never as a failure', async () => {
  const failure = notSeenYet('OpenAI does not show a use of the key yet');

  expect(await entryFor(failure)).toMatchObject({ event: 'waiting', detail: failure.message });
});

it('records an attempt that is asked again as expected as waiting', async () => {
  const failure = propagating('OpenAI refuses the key; asked again until its propagation delay is over', 15_000);

  expect(await entryFor(failure)).toMatchObject({ event: 'waiting', detail: failure.message });
});

it('records trouble as failed, also when it may pass', async () => {
  expect(await entryFor(passing('no worker is online'))).toMatchObject({ event: 'failed' });
});

it('lets an attempt of a check write nothing once a later one has begun', async () => {
  const version = await bench.adopt({ key: 'a value' });
  const store = attended(bench.store);
  const finding = { kind: 'accepted', outcome: 'proved', detail: 'it answered 200' } as const;
  const writer = { ...info.workflowExecution, attempt: { activity: info.activityId, number: 1 } };
  const frozen = () => runDirectly(writer, () => store.prove(version, finding));

  await frozen();
  await attempt(2, async () => undefined);

  await expect(frozen()).rejects.toMatchObject({ type: 'FenceLost' });
  expect(await bench.store.evidence(version)).toHaveLength(1);
});

it('dates a finding by its question, not by when it is written', async () => {
  const version = await bench.adopt({ key: 'a value' });
  const finding = { kind: 'accepted', outcome: 'proved', detail: 'it answered 200' } as const;
  const asked = Date.now();

  await runDirectly(info.workflowExecution, async () => {
    asking();
    await delay(50); // frozen before it reads the answer
    await attended(bench.store).prove(version, finding);
  });

  const [kept] = await bench.store.evidence(version);
  expect(kept?.at).toBeGreaterThanOrEqual(asked);
  expect(kept?.at).toBeLessThan(asked + 40);
});
