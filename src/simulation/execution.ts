import { msToTs } from '@temporalio/common/lib/time.js';
import { defaultPayloadConverter } from '@temporalio/common';
import proto, { type coresdk, type temporal } from '@temporalio/proto';
import type { Planned, SimProcess, Simulation } from './engine.js';

const { InitializeWorkflow } = proto.coresdk.workflow_activation;

/** How long a worker may take to answer a workflow task: the short timeout of the crash matrix. */
export const workflowTaskMs = 2_000;

export type Payload = temporal.api.common.v1.IPayload;
export type Job = coresdk.workflow_activation.IWorkflowActivationJob;
export type Command = coresdk.workflow_commands.IWorkflowCommand;

/**
 * One answered workflow task: the jobs that went in, and the commands that came out. A replay needs no more of the
 * history.
 */
export interface Turn {
  readonly jobs: readonly Job[];
  /** Server time, Unix ms. */
  readonly at: number;
  readonly flags: readonly number[];
  /** Encoded. */
  readonly commands: Uint8Array;
}

/** A task handed to a worker, which owes an answer. */
export interface WorkflowTask {
  readonly execution: Execution;
  /** All turns before, for workers that do not have the workflow in memory. */
  readonly history: readonly Turn[];
  readonly jobs: readonly Job[];
  readonly at: number;
}

export interface ActivityTask {
  readonly execution: Execution;
  readonly activity: Activity;
  readonly attempt: number;
  readonly scheduledAt: number;
  readonly attemptScheduledAt: number;
}

/** A worker process as the server sees it. Both kinds of task arrive with the network's delay. */
export interface Poller {
  readonly process: SimProcess;
  polling: boolean;
  workflowTask(task: WorkflowTask): void;
  activityTask(task: ActivityTask): void;
  query(execution: Execution, name: string): Promise<unknown>;
}

export interface Activity {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly args: readonly Payload[];
  readonly headers: Readonly<Record<string, Payload>>;
  readonly startToCloseMs: number;
  readonly heartbeatMs: number | undefined;
  readonly retry: {
    readonly initialMs: number;
    readonly factor: number;
    readonly maximumMs: number;
    readonly attempts: number;
  };
  readonly scheduledAt: number;
  attempt: number;
  attemptScheduledAt: number;
  state: 'waiting' | 'started' | 'closed';
  cancelRequested: boolean;
  /** Timers that end the attempt or begin the next one. */
  alarms: Planned[];
  heartbeat: Planned | null;
}

export interface Update {
  readonly id: string;
  readonly settled: PromiseWithResolvers<void>;
}

/** One run of a workflow. */
export interface Execution {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly args: readonly Payload[];
  readonly history: Turn[];
  status: 'RUNNING' | 'COMPLETED' | 'FAILED' | 'TERMINATED' | 'CONTINUED_AS_NEW';
  pending: Job[];
  task: { readonly given: WorkflowTask; readonly alarm: Planned } | null;
  sticky: Poller | null;
  /** A task is on its way to a worker. */
  offered: boolean;
  readonly activities: Map<number, Activity>;
  readonly timers: Map<number, Planned>;
  readonly updates: Map<string, Update>;
  readonly shown: Map<string, unknown>;
  readonly result: PromiseWithResolvers<unknown>;
}

/** What a run of a workflow begins with. */
export interface Begun {
  readonly workflowId: string;
  readonly type: string;
  readonly args: readonly Payload[];
}

/** A run that nothing has happened to yet. `result` and `shown` come from the run before it. */
export function newExecution(
  begun: Begun & { readonly runId: string },
  { result, shown }: Pick<Execution, 'result' | 'shown'>,
): Execution {
  return {
    ...{ ...begun, history: [], status: 'RUNNING', pending: [], task: null, sticky: null, offered: false },
    ...{ activities: new Map(), timers: new Map(), updates: new Map(), shown, result },
  };
}

export function initialization(
  { workflowId, type, args, runId }: Execution,
  sim: Simulation,
): coresdk.workflow_activation.IInitializeWorkflow {
  const { randomnessSeed } = InitializeWorkflow.fromObject({ randomnessSeed: sim.random.next() });
  return {
    ...{ workflowType: type, workflowId, arguments: [...args], headers: {}, identity: 'client', attempt: 1 },
    ...{ randomnessSeed, firstExecutionRunId: runId, startTime: msToTs(Math.floor(sim.now)) },
    workflowTaskTimeout: msToTs(workflowTaskMs),
  };
}

/** A workflow that a client asks for. Its arguments are not encoded yet. */
export interface Asked {
  readonly workflowId: string;
  readonly type: string;
  readonly args: readonly unknown[];
}

/** A signal. Its arguments are not encoded yet. */
export interface SignalAsked {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Sorts jobs as core delivers them: signals and updates before anything that has ended. */
export function sorted(jobs: readonly Job[]): Job[] {
  const rank = (job: Job): number => (job.initializeWorkflow ? 0 : job.signalWorkflow ? 1 : job.doUpdate ? 2 : 3);
  return [...jobs].sort((a, b) => rank(a) - rank(b));
}

/** Encodes values as a client does. */
export function payloads(values: readonly unknown[]): Payload[] {
  return values.map((value) => defaultPayloadConverter.toPayload(value));
}

/** For the first run of a workflow, which carries nothing over. */
export function freshResult(): Pick<Execution, 'result' | 'shown'> {
  const result = Promise.withResolvers<unknown>();
  result.promise.catch(() => undefined);
  return { result, shown: new Map() };
}

/** Whether the command ends the run. */
export function isClosing(command: Command): boolean {
  return Boolean(
    command.completeWorkflowExecution ?? command.failWorkflowExecution ?? command.continueAsNewWorkflowExecution,
  );
}
