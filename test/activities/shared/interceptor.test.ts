import type { Context } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import { recordingInterceptor } from '../../../activities/shared/interceptor.js';
import { passing, settling } from '../../../activities/shared/patience.js';
import { type StepContext, stepHeader } from '../../../workflows/rotation/step-context.js';
import { type Bench, startBench } from '../bench.js';

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

const info = {
  ...{ activityId: '1', activityType: 'openai.refusesKey', attempt: 1, heartbeatTimeoutMs: 5000 },
  workflowExecution: { workflowId: 'rotation/openai', runId: 'run-1' },
};
const context = { info, heartbeat: () => undefined } as unknown as Context;

/** What the ledger says of an attempt that ends like this. */
async function entryFor(failure: Error): Promise<object | undefined> {
  const step: StepContext = {
    ...{ credential: 'openai', fence: 1, version: 1, phase: 'retire' },
    ...{ title: 'The old key is refused', check: true, emergency: false },
  };
  const headers = { [stepHeader]: defaultPayloadConverter.toPayload(step) };
  const { inbound } = recordingInterceptor(bench.store)(context);
  const attempt = inbound!.execute!({ args: [], headers }, () => Promise.reject(failure));
  await expect(attempt).rejects.toBe(failure);
  return (await bench.store.ledger()).at(-1);
}

it('records an attempt that is asked again as expected as waiting', async () => {
  const failure = settling('OpenAI refuses the key; asked again until its settling time is over', 15_000);

  expect(await entryFor(failure)).toMatchObject({ event: 'waiting', detail: failure.message });
});

it('records trouble as failed, also when it may pass', async () => {
  expect(await entryFor(passing('no worker is online'))).toMatchObject({ event: 'failed' });
});
