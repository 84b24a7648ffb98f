import { fileURLToPath } from 'node:url';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { fastClock } from '../../src/lab/clock.js';
import { createPlayground } from '../../src/lab/playground.js';
import { startRehearsal } from '../../src/lab/rehearsal.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import { type Defer, withCleanup } from '../../src/lab/with-cleanup.js';
import { type Session } from '../../src/operations/session/session.js';
import { inputOf } from '../../workers/compose.js';
import { startRotation } from '../../src/operations/rotate/start-rotation.js';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { connectWorker, type TemporalTarget } from '../../src/temporal/connect.js';
import { quiet } from '../../workers/bundle.js';
import { median } from './median.js';

export interface RotationFigures {
  /** Time of one rotation without grace over that of the bare workflow beside it with as many activities: the median of all pairs. */
  readonly rotationOverBare: number;
  /** History events over (6 × activities + 25). */
  readonly eventsOverLimit: number;
  readonly rotationMs: number;
  readonly bareMs: number;
  readonly activities: number;
  readonly events: number;
}

const rounds = 31;
const warmUps = 10; // until the engine has compiled what runs again and again: a worker runs for weeks

/** Rotations and bare workflows by turns, on one server, with simulated systems that answer at once. */
export function measureRotations(): Promise<RotationFigures> {
  return withCleanup(async (defer) => {
    // A thousand seconds a second: what OpenAI tells by the second must not count as our time, nor 20 uploads a minute.
    const scenario = await startOpenAiApiKey({ clock: fastClock(1000) });
    defer(() => scenario.stop());
    const playground = await createPlayground(scenario, { grace: '0 seconds' });
    defer(playground.remove);
    const binary = await findTemporalBinary({ report: () => undefined });
    const { session, client, target } = await startRehearsal({ scenario, playground, binary }, defer);
    await startBareWorker(target, defer);
    return compare({ client, session, credential: scenario.credential });
  });
}

async function startBareWorker(target: TemporalTarget, defer: Defer): Promise<void> {
  const connection = await connectWorker(target);
  defer(() => connection.close());
  const workflowsPath = fileURLToPath(new URL('./bare-workflow.js', import.meta.url));
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: quiet });
  const activities = { nothing: () => Promise.resolve() };
  const worker = await Worker.create({ connection, taskQueue: 'bare', workflowBundle, activities });
  const running = worker.run();
  defer(async () => {
    worker.shutdown();
    await running;
  });
}

type Contest = { client: Client; session: Session; credential: string };

async function compare(contest: Contest): Promise<RotationFigures> {
  const rotations: number[] = [];
  const bares: number[] = [];
  let size = { activities: 0, events: 0 };
  for (let round = -warmUps; round < rounds; round++) {
    const rotation = await timed(() => rotate(contest));
    size = await sizeOf(contest.client, rotation.result);
    const bare = await timed(() => runBare(contest.client, { round, activities: size.activities }));
    if (round < 0) continue; // the first ones load code and, once, confirm the adopted value
    rotations.push(rotation.ms);
    bares.push(bare.ms);
  }
  const [rotationMs, bareMs] = [median(rotations), median(bares)];
  const eventsOverLimit = size.events / (6 * size.activities + 25);
  // Neighbors share what else the machine is doing, so each rotation is held against the bare workflow beside it.
  const rotationOverBare = median(rotations.map((ms, round) => ms / (bares[round] ?? Number.NaN)));
  return { rotationOverBare, eventsOverLimit, rotationMs, bareMs, ...size };
}

async function rotate({ client, session, credential }: Contest): Promise<WorkflowHandle> {
  const input = inputOf(credential, { actor: 'bench', trigger: 'manual', reason: 'to measure it' });
  const { handle } = await startRotation(session, client, input);
  const { outcome, why } = await handle.result();
  if (outcome !== 'retired') throw new Error(`a rotation ended as ${outcome}: ${why ?? ''}`);
  return handle;
}

function runBare(client: Client, { round, activities }: { round: number; activities: number }): Promise<unknown> {
  return client.workflow.execute('bare', { workflowId: `bare-${round}`, taskQueue: 'bare', args: [activities] });
}

async function sizeOf(client: Client, { workflowId }: WorkflowHandle): Promise<{ activities: number; events: number }> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const all = events ?? [];
  return { events: all.length, activities: all.filter((event) => event.activityTaskScheduledEventAttributes).length };
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const begun = performance.now();
  const result = await work();
  return { ms: performance.now() - begun, result };
}
