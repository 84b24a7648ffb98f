import type { WorkflowHandle } from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import { employ } from '../lab/people.js';
import { createPlayground } from '../lab/playground.js';
import type { Defer } from '../lab/with-cleanup.js';
import { adopt } from '../operations/setup/adopt.js';
import { openSession, type Session } from '../operations/session/session.js';
import { inputOf } from '../../workers/compose.js';
import { startRotation } from '../operations/rotate/start-rotation.js';
import { decideOn } from '../operations/rotate/steer.js';
import { emergencyRevoke, progress } from '../../workflows/rotation/messages.js';
import type { RotationWorkflow } from '../../workflows/rotation/define.js';
import type { Flow } from './cases.js';
import type { Assignment, Setback } from './setback.js';
import type { Fixture } from './fixture.js';
import type { FragileTemporal } from './temporal.js';
import type { WorkerPool, WorkerProcess } from './worker.js';

/** What many cases use, one after the other. */
export interface Job {
  readonly temporal: FragileTemporal;
  readonly workers: WorkerPool;
}

/** One rotation on fresh simulated systems, with a fresh store and a worker that gets the setback. */
export interface Sandbox {
  readonly fixture: Fixture;
  readonly session: Session;
  readonly temporal: FragileTemporal;
  readonly handle: WorkflowHandle<RotationWorkflow>;
  /** The worker with the setback. */
  readonly worker: WorkerProcess;
  /** Every worker so far; the one with the setback is the first. */
  readonly hired: readonly WorkerProcess[];
  /** Starts a worker without a setback. */
  replace(): WorkerProcess;
  /** Asks for an emergency. From now on every live value of ours has to die. */
  emergency(): Promise<void>;
  /** Values of ours that were alive when the emergency was asked for; empty without an emergency. */
  readonly condemned: ReadonlySet<string>;
  /** Set when the rotation is over. */
  over: boolean;
}

export interface Billing {
  readonly fixture: Fixture;
  readonly flow: Flow;
  readonly setback: Setback | null;
  readonly without?: Assignment['without'] | undefined;
  readonly graceMs?: number | undefined;
}

const graceMs: Readonly<Record<Flow, number>> = {
  planned: 150, // long enough for a phase of its own
  'roll-back': 10 * 60_000, // nothing waits for its end
  emergency: 150,
};
const heartbeatMs = 1_000;

export async function openSandbox(job: Job, billing: Billing, defer: Defer): Promise<Sandbox> {
  const { fixture, flow, setback, without } = billing;
  const { scenario } = fixture;
  const { credential } = scenario;
  const playground = await createPlayground(scenario, { grace: '1 second', giveUpAfter: '3 seconds' });
  defer(playground.remove);
  const session = await openSession({ file: playground.file, create: true });
  defer(() => session.close());
  await adopt(session, { credential, parts: scenario.adopted, soleUser: true, actor: 'harness' });
  const { temporal, workers } = job;
  const assignment = { file: playground.file, temporalData: temporal.dataDir, ...(without && { without }) };
  const hired: WorkerProcess[] = [];
  function hire(trouble: Setback | null): WorkerProcess {
    const worker = workers.take({ ...assignment, setback: trouble });
    hired.push(worker);
    return worker;
  }
  const harmed = (worker: WorkerProcess): boolean => worker === hired[0] && setback !== null && setback.act !== 'pause';
  defer(async () => void (await Promise.all(hired.map((worker) => workers.giveBack(worker, !harmed(worker))))));
  const condemned = new Set<string>();
  const worker = hire(setback);
  const handle = await start(job, session, { credential, flow, graceMs: billing.graceMs ?? graceMs[flow] });
  defer(() => endWorkflow(handle));
  if (scenario.people) defer(employ(scenario.people, session, temporal.client));
  if (flow === 'roll-back') defer(haveSecondThoughts(session, handle, credential));
  const sandbox: Sandbox = {
    ...{ fixture, session, temporal, handle, worker, hired, condemned, over: false },
    replace: () => hire(null),
    async emergency() {
      condemn(fixture, condemned);
      await handle.signal(emergencyRevoke, { actor: 'harness', reason: 'it leaked' });
      condemn(fixture, condemned);
    },
  };
  if (flow === 'emergency') condemn(fixture, condemned);
  await worker.ready;
  return sandbox;
}

async function start(
  { temporal }: Job,
  session: Session,
  { credential, flow, graceMs: grace }: { credential: string; flow: Flow; graceMs: number },
): Promise<WorkflowHandle<RotationWorkflow>> {
  const trigger = flow === 'emergency' ? 'emergency' : 'manual';
  const input = inputOf(credential, { actor: 'harness', trigger, reason: 'the crash matrix' });
  const { handle } = await startRotation(session, temporal.client, {
    ...input,
    graceMs: grace,
    timing: { heartbeatMs },
  });
  if (flow === 'emergency') await handle.signal(emergencyRevoke, { actor: 'harness', reason: 'it leaked' });
  return handle;
}

/**
 * A person rolls the rotation back as soon as it is in its grace. Returns a function that stops the waiting for the
 * grace.
 */
function haveSecondThoughts(
  session: Session,
  handle: WorkflowHandle<RotationWorkflow>,
  credential: string,
): () => Promise<void> {
  const enough = new AbortController();
  async function think(): Promise<void> {
    let question = await graceOf(handle);
    for (; question === null; question = await graceOf(handle)) await delay(50, undefined, { signal: enough.signal });
    const request = {
      credential,
      question,
      actor: 'harness',
      decision: 'roll-back',
      reason: 'second thoughts',
    } as const;
    await decideOn(session, handle, request);
  }
  const thinking = think().catch(() => undefined); // the end of the rotation shows the result
  return async () => {
    enough.abort();
    await thinking;
  };
}

export async function inGrace(handle: WorkflowHandle<RotationWorkflow>): Promise<boolean> {
  return (await graceOf(handle)) !== null;
}

/** The id that an answer has to name during a grace; null outside of it. */
async function graceOf(handle: WorkflowHandle<RotationWorkflow>): Promise<string | null> {
  const seen = await handle.query(progress).catch(() => null); // no worker may be there yet
  return seen?.waiting?.for === 'grace' ? seen.waiting.id : null;
}

function condemn(fixture: Fixture, condemned: Set<string>): void {
  for (const { value, alive, foreign } of fixture.issued()) if (alive && !foreign) condemned.add(value);
}

/** Frees the workflow id, which the next case uses as well. */
async function endWorkflow(handle: WorkflowHandle): Promise<void> {
  await handle.terminate('the case is over').catch(() => undefined);
}

/**
 * A worker that is gone keeps the workflow's tasks in its sticky queue for a while. This gives them to any worker at
 * once.
 */
export async function unstick({ temporal, handle }: Pick<Sandbox, 'temporal' | 'handle'>): Promise<void> {
  const { client } = temporal;
  const { namespace } = client.options;
  const execution = { workflowId: handle.workflowId };
  await client.connection.workflowService.resetStickyTaskQueue({ namespace, execution }).catch(() => undefined);
}

/** Waits for something that has to happen. Throws when it does not happen in time. */
export async function until(what: string, seen: () => boolean, withinMs: number): Promise<void> {
  for (const deadline = Date.now() + withinMs; !seen(); await delay(10))
    if (Date.now() > deadline) throw new Error(`waited ${withinMs / 1000} s in vain: ${what}`);
}

/** The same for a promise. */
export async function within<T>(what: string, promise: Promise<T>, ms: number): Promise<T> {
  const late = new AbortController();
  const tooLate = delay(ms, undefined, { signal: late.signal }).then(() => {
    throw new Error(`waited ${ms / 1000} s in vain: ${what}`);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    late.abort();
    tooLate.catch(() => undefined);
  }
}
