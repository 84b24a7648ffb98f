import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { Activity } from '@temporalio/worker/lib/activity.js';
import type { Workflow } from '@temporalio/worker/lib/workflow/interface.js';
import { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm.js';
import { recordingInterceptor } from '../../activities/shared/interceptor.js';
import { bundlePath } from '../../workers/bundle.js';
import type { Activities } from '../../workers/registered.js';
import type { Store } from '../store/store.js';
import { owner, type SimProcess } from './engine.js';
import type { ActivityTask, Execution, Job, Poller, WorkflowTask } from './execution.js';
import { activityInfoOf, workflowInfoOf } from './infos.js';
import type { SimTemporal } from './temporal.js';

const { WorkflowActivation } = proto.coresdk.workflow_activation;
const { WorkflowActivationCompletion } = proto.coresdk.workflow_completion;

const nothing = (): undefined => undefined;
const silent = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
const noMetrics = { createCounter: nothing, createGauge: nothing, createHistogram: nothing, withTags: () => noMetrics };
const converter = {
  payloadConverter: defaultPayloadConverter,
  failureConverter: defaultFailureConverter,
  payloadCodecs: [],
};
const beatMs = 1_000; // heartbeats are sent no more often, as in workers/rotation-worker.ts
const localGraceMs = 5_000; // core itself ends an attempt so long after its start-to-close timeout

const unchanged = (bundle: string): string => bundle;
const creators = new Map<(bundle: string) => string, ReusableVMWorkflowCreator>();

/**
 * The SDK's own sandbox with the product's bundle, or a changed one. All workers share it: it keeps workflows apart. It
 * has no promise hooks and no time limit, whose watching thread costs more than the workflow.
 */
function sandbox({ activities, workflows = unchanged }: SimWorkerOptions): ReusableVMWorkflowCreator {
  const known = creators.get(workflows);
  if (known) return known;
  const code = workflows(readFileSync(bundlePath, 'utf8'));
  const bundle = { code, sourceMap: null, filename: 'workflow-bundle.js' };
  const script = new Script(bundle.code, { filename: bundle.filename });
  const creator = new ReusableVMWorkflowCreator(
    script,
    bundle as never,
    undefined as never,
    new Set(Object.keys(activities)),
    undefined,
  );
  creators.set(workflows, creator);
  return creator;
}

interface Cached {
  readonly workflow: Workflow;
  /** Turns of history that it has gone through; null while it is unknown whether the last one counted. */
  turns: number | null;
}

export interface SimWorkerOptions {
  readonly process: SimProcess;
  readonly temporal: SimTemporal;
  readonly activities: Activities;
  readonly store: Store;
  /** Changes the bundle, to take a safety rule out of it. */
  readonly workflows?: (bundle: string) => string;
}

/**
 * Does what `startWorkers` does, for a simulated server: workflows in the SDK's sandbox, activities in the SDK's own
 * wrapper.
 */
export class SimWorker implements Poller {
  readonly process: SimProcess;
  polling = true;
  readonly #options: SimWorkerOptions;
  readonly #cache = new Map<string, Cached>();
  readonly #made: Workflow[] = [];

  constructor(options: SimWorkerOptions) {
    this.#options = options;
    this.process = options.process;
  }

  workflowTask(task: WorkflowTask): void {
    void owner.run(this.process, () => this.#answer(task));
  }

  async #answer(task: WorkflowTask): Promise<void> {
    const { temporal } = this.#options;
    const { execution, history } = task;
    const cached = await this.#upToDate(execution, history);
    cached.turns = null;
    const completion = await run(cached.workflow, execution, {
      jobs: task.jobs,
      at: task.at,
      turns: history.length,
      flags: [],
    });
    await this.process.gate();
    const counted = await temporal.completeWorkflowTask(task, this, completion);
    if (counted) cached.turns = history.length + 1;
    else this.#cache.delete(execution.runId);
  }

  /** The workflow from memory, or rebuilt from its history. */
  async #upToDate(execution: Execution, history: WorkflowTask['history']): Promise<Cached> {
    const known = this.#cache.get(execution.runId);
    if (known?.turns === history.length) return known;
    const workflow = await this.#create(execution, history[0]?.at);
    for (const [index, turn] of history.entries()) {
      const { jobs, at, flags, commands } = turn;
      const completion = await run(workflow, execution, {
        ...{ jobs: [...patchesOf(commands), ...jobs], at, flags, turns: index, replaying: true },
      });
      const again = WorkflowActivationCompletion.encode({
        runId: execution.runId,
        successful: completion.successful ?? null,
      }).finish();
      if (Buffer.compare(again, commands) !== 0)
        throw new Error(`the replay of ${execution.workflowId} differs at turn ${index}`);
    }
    const cached: Cached = { workflow, turns: history.length };
    this.#cache.set(execution.runId, cached);
    return cached;
  }

  async #create(execution: Execution, at = this.process.sim.now): Promise<Workflow> {
    const workflow = await sandbox(this.#options).createWorkflow({
      info: workflowInfoOf(execution, at) as never,
      randomnessSeed: [...Buffer.from(`${this.process.sim.seed}/${execution.runId}`)],
      now: Math.floor(at),
      ...{ showStackTraceSources: false, failureExceptionTypeNames: [] },
    });
    this.#made.push(workflow);
    return workflow;
  }

  async query(execution: Execution, name: string): Promise<unknown> {
    const { workflow } = await this.#upToDate(execution, execution.history);
    const query = { queryId: 'q', queryType: name, arguments: [], headers: {} };
    const activation = WorkflowActivation.fromObject({ runId: execution.runId, jobs: [{ queryWorkflow: query }] });
    const { successful } = await workflow.activate(activation);
    const answer = successful?.commands?.[0]?.respondToQuery?.succeeded?.response;
    if (!answer) throw new Error('the query failed');
    return defaultPayloadConverter.fromPayload(answer);
  }

  activityTask(task: ActivityTask): void {
    owner.run(this.process, () => this.#begin(task));
  }

  #begin(task: ActivityTask): void {
    const { sim } = this.process;
    const { activity: asked, attempt } = task;
    sim.note(`${asked.type} #${attempt} begins in ${this.process.name}`);
    const beats = this.#heartbeats(task, (answer) => running.cancel(answer, detailsOf(answer)));
    const running = this.#activityOf(task, beats.beat);
    const late = sim.after(asked.startToCloseMs + localGraceMs, () =>
      this.process.enter(() => running.cancel('TIMED_OUT', { timedOut: true } as never)),
    );
    const args = asked.args.map((arg) => defaultPayloadConverter.fromPayload(arg));
    void running.run({ args, headers: asked.headers }).then(async (result) => {
      beats.end();
      late.cancelled = true;
      await this.process.gate();
      this.#options.temporal.completeActivity(task, result);
    });
  }

  #activityOf(task: ActivityTask, beat: () => void): Activity {
    const { activities, store } = this.#options;
    const context = [converter, undefined as never, undefined, beat, undefined, silent, noMetrics as never] as const;
    const run = activities[task.activity.type] as never;
    return new Activity(activityInfoOf(task) as never, run, ...context, [recordingInterceptor(store)]);
  }

  /** Sends heartbeats to the server. Calls `stop` when it answers that the attempt is not to go on. */
  #heartbeats(task: ActivityTask, stop: (answer: 'CANCELLED' | 'NOT_FOUND') => void) {
    const { sim } = this.process;
    let [over, lastBeat] = [false, Number.NEGATIVE_INFINITY];
    const beat = (): void => {
      if (over || sim.now - lastBeat < beatMs * 0.8) return; // core throttles to 80 % of the interval
      lastBeat = sim.now;
      void this.#options.temporal.heartbeat(task).then((answer) => {
        if (answer !== 'goes on') this.process.enter(() => stop(answer));
      });
    };
    return { beat, end: () => void (over = true) };
  }

  /** Frees what the sandbox keeps. */
  async dispose(): Promise<void> {
    this.polling = false;
    for (const workflow of this.#made) await workflow.dispose();
  }
}

function detailsOf(answer: 'CANCELLED' | 'NOT_FOUND'): never {
  return { cancelRequested: answer === 'CANCELLED', notFound: answer === 'NOT_FOUND' } as never;
}

/** A replay learns beforehand which changes of the code (`patched()`) a turn knew of. */
function patchesOf(commands: Uint8Array): Job[] {
  const made = WorkflowActivationCompletion.decode(commands).successful?.commands ?? [];
  return made.flatMap(({ setPatchMarker }) =>
    setPatchMarker ? [{ notifyHasPatch: { patchId: setPatchMarker.patchId ?? '' } }] : [],
  );
}

interface Turning {
  readonly jobs: readonly Job[];
  readonly at: number;
  readonly turns: number;
  readonly flags: readonly number[];
  readonly replaying?: boolean;
}

async function run(workflow: Workflow, { runId }: Execution, { jobs, at, turns, flags, replaying = false }: Turning) {
  const completion = await workflow.activate({
    ...{
      runId,
      timestamp: msToTs(Math.floor(at)),
      isReplaying: replaying,
      historyLength: 3 + turns * 4,
      jobs: [...jobs],
    },
    ...{ availableInternalFlags: [...flags], continueAsNewSuggested: false },
  });
  await workflow.getAndResetSinkCalls();
  // As over the bridge: results are encoded before any code outside the sandbox sees them.
  return WorkflowActivationCompletion.decode(WorkflowActivationCompletion.encode(completion).finish());
}
