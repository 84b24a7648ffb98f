import { WorkflowNotFoundError } from '@temporalio/client';
import proto, { type coresdk } from '@temporalio/proto';
import { ActivityBoard } from './activities.js';
import type { Simulation } from './engine.js';
import {
  type ActivityTask,
  type Asked,
  type Begun,
  type Execution,
  freshResult,
  initialization,
  isClosing,
  type Job,
  newExecution,
  payloads,
  type Poller,
  type SignalAsked,
  sorted,
  type WorkflowTask,
  workflowTaskMs,
} from './execution.js';
import { Wire } from './wire.js';
import { type CommandHooks, obey } from './workflow-commands.js';

const { WorkflowActivationCompletion } = proto.coresdk.workflow_completion;

/** The server's own timeouts: the short ones of the crash matrix. */
const stickyMs = 5_000;
const queryMs = 5_000;

type Completion = coresdk.workflow_completion.IWorkflowActivationCompletion;

/** A workflow task with the answer of a worker. */
interface Answered {
  readonly task: WorkflowTask;
  readonly successful: coresdk.workflow_completion.ISuccess;
}

/** A Temporal server, and the part of the SDK's core between it and workers, as far as rotations need them. */
export class SimTemporal {
  readonly sim: Simulation;
  readonly pollers: Poller[] = [];
  /** Latest run by workflow id. */
  readonly executions = new Map<string, Execution>();
  /** Called for every activity that is scheduled, for observers that check the rules. */
  onScheduled: ((type: string, args: unknown[]) => void) | null = null;
  /** Called for every workflow that has ended. */
  onEnded: ((execution: Execution) => void) | null = null;
  readonly #wire: Wire;
  readonly #activities: ActivityBoard;
  readonly #commands: CommandHooks;
  #runs = 0;
  #updates = 0;

  constructor(sim: Simulation) {
    this.sim = sim;
    this.#wire = new Wire(sim);
    this.#activities = new ActivityBoard(sim, this.#wire, {
      ready: () => this.polling(),
      add: (execution, job) => this.#add(execution, job),
      scheduled: (type, args) => this.onScheduled?.(type, args),
    });
    this.#commands = {
      ...{ sim, wire: this.#wire, activities: this.#activities },
      add: (execution, job) => this.#add(execution, job),
      end: (execution, status, settle) => this.#end(execution, status, settle),
      goOn: (execution, type, args) => void this.#begin({ workflowId: execution.workflowId, type, args }, execution),
      startChild: (child) => (this.#isRunning(child.workflowId) ? null : this.#begin(child).runId),
    };
  }

  // What clients ask ------------------------------------------------------------------------------------------------------------------

  start({ args, ...begun }: Asked): Execution {
    if (this.#isRunning(begun.workflowId)) throw new Error(`${begun.workflowId} is running`);
    return this.#begin({ ...begun, args: payloads(args) });
  }

  signal(workflowId: string, name: string, args: readonly unknown[]): Promise<void> {
    return this.call(() => this.#signal(this.#running(workflowId), name, args));
  }

  /** Signals the workflow of that id. Starts it first when none is running. */
  signalWithStart(asked: Asked, signal: SignalAsked): void {
    const { workflowId } = asked;
    if (!this.#isRunning(workflowId)) this.start(asked);
    this.#signal(this.#running(workflowId), signal.name, signal.args);
  }

  async update(workflowId: string, name: string, args: readonly unknown[]): Promise<void> {
    const settled = Promise.withResolvers<void>();
    settled.promise.catch(() => undefined);
    await this.call(() => {
      const execution = this.#running(workflowId);
      const id = `update-${++this.#updates}`;
      execution.updates.set(id, { id, settled });
      const input = payloads(args);
      const meta = { identity: 'client', updateId: id };
      this.#add(execution, {
        doUpdate: { id, protocolInstanceId: id, name, input, headers: {}, meta, runValidator: true },
      });
    });
    return settled.promise;
  }

  async query(workflowId: string, name: string): Promise<unknown> {
    return this.call(() => {
      const execution = this.executions.get(workflowId);
      if (!execution) throw new WorkflowNotFoundError('it was never started', workflowId, undefined);
      const up = this.polling();
      const poller = execution.sticky && up.includes(execution.sticky) ? execution.sticky : up[0];
      if (!poller || execution.task) throw new Error('no worker answers');
      const tooLate = this.sim.sleep(queryMs).then(() => Promise.reject(new Error('no worker answered')));
      tooLate.catch(() => undefined);
      return Promise.race([poller.query(execution, name), tooLate]); // a worker that dies meanwhile says nothing
    });
  }

  terminate(workflowId: string): void {
    const execution = this.executions.get(workflowId);
    if (execution?.status === 'RUNNING')
      this.#end(execution, 'TERMINATED', () => execution.result.reject(new Error('terminated')));
  }

  resetSticky(workflowId: string): void {
    const execution = this.executions.get(workflowId);
    if (execution) this.#offer(Object.assign(execution, { sticky: null }));
  }

  /** Makes the server unavailable for `ms`. Calls are repeated meanwhile, and its own timers fire afterwards. */
  away(ms: number): void {
    this.#wire.away(ms);
  }

  /** Workers that poll. */
  polling(): Poller[] {
    return this.pollers.filter(({ polling, process }) => polling && process.state === 'up');
  }

  /** Nothing is under way: every workflow waits for a timer or a message. */
  idle(): boolean {
    return [...this.executions.values()].every(
      ({ status, task, pending, activities }) =>
        status !== 'RUNNING' ||
        (!task && pending.length === 0 && [...activities.values()].every(({ state }) => state === 'closed')),
    );
  }

  /** A round trip to the server, repeated while it is away. */
  call<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#wire.call(work);
  }

  // What workers say ------------------------------------------------------------------------------------------------------------------

  join(poller: Poller): void {
    this.pollers.push(poller);
    this.#wire.receive(() => {
      for (const execution of this.executions.values()) this.#offer(execution);
      this.#activities.dispatch();
    });
  }

  /** Whether the answer to a workflow task counted. If not, the worker has to forget the workflow. */
  completeWorkflowTask(task: WorkflowTask, poller: Poller, completion: Completion): Promise<boolean> {
    return this.call(() => this.#complete(task, poller, completion));
  }

  completeActivity(task: ActivityTask, result: coresdk.activity_result.IActivityExecutionResult): void {
    this.#activities.complete(task, result);
  }

  heartbeat(task: ActivityTask): ReturnType<ActivityBoard['heartbeat']> {
    return this.#activities.heartbeat(task);
  }

  // Inside ----------------------------------------------------------------------------------------------------------------------------

  #isRunning(workflowId: string): boolean {
    return this.executions.get(workflowId)?.status === 'RUNNING';
  }

  #signal(execution: Execution, signalName: string, args: readonly unknown[]): void {
    const input = payloads(args);
    this.#add(execution, { signalWorkflow: { signalName, input, identity: 'client', headers: {} } });
  }

  #running(workflowId: string): Execution {
    const execution = this.executions.get(workflowId);
    if (execution?.status !== 'RUNNING') throw new Error(`${workflowId} is not running`);
    return execution;
  }

  #begin(what: Begun, carried: Pick<Execution, 'result' | 'shown'> = freshResult()): Execution {
    const execution = newExecution({ ...what, runId: `run-${++this.#runs}` }, carried);
    this.executions.set(what.workflowId, execution);
    this.#add(execution, { initializeWorkflow: initialization(execution, this.sim) });
    return execution;
  }

  #add(execution: Execution, job: Job): void {
    execution.pending.push(job);
    this.#offer(execution);
  }

  /** Gives pending jobs to the worker that has the workflow in memory, and after a while to any worker. */
  #offer(execution: Execution): void {
    if (execution.status !== 'RUNNING' || execution.task || execution.pending.length === 0) return;
    const ready = this.polling();
    const { sticky } = execution;
    if (sticky && !ready.includes(sticky)) {
      this.#wire.alarm(stickyMs, () => {
        if (execution.sticky === sticky) this.resetSticky(execution.workflowId);
      });
      return;
    }
    const poller = sticky ?? (ready.length > 0 ? this.sim.random.pick(ready) : null);
    if (!poller || execution.offered) return; // a worker that joins asks
    execution.offered = true;
    this.sim.after(this.#wire.delay(), () => this.#wire.whenUp(() => this.#hand(execution, poller)));
  }

  /** Jobs that arrive before a worker takes the task go with it. */
  #hand(execution: Execution, poller: Poller): void {
    execution.offered = false;
    if (!poller.polling || poller.process.state !== 'up') return this.#offer(execution);
    if (execution.status !== 'RUNNING' || execution.task || execution.pending.length === 0) return;
    const jobs = sorted(execution.pending);
    execution.pending = [];
    const given: WorkflowTask = { execution, history: [...execution.history], jobs, at: this.sim.now };
    const alarm = this.#wire.alarm(workflowTaskMs, () => this.#giveUp(execution, 'a workflow task timed out'));
    execution.task = { given, alarm };
    execution.sticky = poller;
    this.sim.after(this.#wire.delay(), () => poller.process.enter(() => poller.workflowTask(given)));
  }

  /** A workflow task without a result: its jobs are given out again, to any worker. */
  #giveUp(execution: Execution, why: string): void {
    const { task } = execution;
    if (!task) return;
    this.sim.note(`${execution.workflowId}: ${why}`);
    task.alarm.cancelled = true;
    execution.pending = [...task.given.jobs, ...execution.pending];
    execution.task = null;
    execution.sticky = null;
    this.#offer(execution);
  }

  #complete(task: WorkflowTask, poller: Poller, { successful, failed }: Completion): boolean {
    const { execution } = task;
    if (execution.task?.given !== task || execution.status !== 'RUNNING') return false;
    if (!successful) return this.#taskFailed(execution, failed);
    const commands = successful.commands ?? [];
    if (execution.pending.length > 0 && commands.some(isClosing)) {
      this.#giveUp(execution, 'it would end, and something has arrived meanwhile');
      return false;
    }
    this.#take(execution, poller, { task, successful });
    for (const command of commands) obey(this.#commands, execution, command);
    this.#offer(execution);
    return true;
  }

  /** The task comes again after a while, until a worker can answer it. */
  #taskFailed(execution: Execution, failed: Completion['failed']): false {
    this.sim.note(`${execution.workflowId}: a workflow task failed: ${failed?.failure?.message ?? 'unknown'}`);
    this.sim.after(1_000, () => this.#wire.whenUp(() => this.#giveUp(execution, 'it is tried again')));
    return false;
  }

  /** The answer counts: it becomes history, and its worker has the workflow in memory. */
  #take(execution: Execution, poller: Poller, { task, successful }: Answered): void {
    if (execution.task) execution.task.alarm.cancelled = true;
    execution.task = null;
    execution.sticky = poller;
    const commands = WorkflowActivationCompletion.encode({ runId: execution.runId, successful }).finish();
    const { jobs, at } = task;
    execution.history.push({ jobs, at, flags: successful.usedInternalFlags ?? [], commands });
  }

  #end(execution: Execution, status: Execution['status'], settle: () => void): void {
    execution.status = status;
    for (const timer of execution.timers.values()) timer.cancelled = true;
    for (const activity of execution.activities.values()) this.#activities.close(activity);
    for (const { settled } of execution.updates.values()) settled.reject(new Error('the workflow has ended'));
    if (execution.task) execution.task.alarm.cancelled = true;
    execution.task = null;
    settle();
    if (status !== 'CONTINUED_AS_NEW') this.onEnded?.(execution);
  }
}
