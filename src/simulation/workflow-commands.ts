import { defaultPayloadConverter } from '@temporalio/common';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import proto, { type coresdk } from '@temporalio/proto';
import type { ActivityBoard } from './activities.js';
import type { Simulation } from './engine.js';
import type { Begun, Command, Execution, Job, Payload } from './execution.js';
import type { Wire } from './wire.js';

const { START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS: alreadyThere } =
  proto.coresdk.child_workflow.StartChildWorkflowExecutionFailedCause;

/** What commands need from the server. */
export interface CommandHooks {
  readonly sim: Simulation;
  readonly wire: Wire;
  readonly activities: ActivityBoard;
  /** Adds a job for the workflow. */
  readonly add: (execution: Execution, job: Job) => void;
  readonly end: (execution: Execution, status: Execution['status'], settle: () => void) => void;
  /** Begins the next run of the same workflow. */
  readonly goOn: (execution: Execution, type: string, args: readonly Payload[]) => void;
  /**
   * Starts a workflow that lives on without its parent. Returns its run id; null when a workflow of that id is running.
   */
  readonly startChild: (child: Begun) => string | null;
}

type Obey<T> = (hooks: CommandHooks, execution: Execution, command: T) => void;

/** What the server does at each command of a workflow. */
const effects: { readonly [Kind in keyof Command]?: Obey<NonNullable<Command[Kind]>> } = {
  scheduleActivity: ({ activities }, execution, command) => activities.schedule(execution, command),
  requestCancelActivity: ({ activities }, execution, { seq }) => activities.requestCancel(execution, seq ?? 0),
  startTimer,
  cancelTimer(_, { timers }, { seq }) {
    const timer = timers.get(seq ?? 0);
    if (timer) timer.cancelled = true;
  },
  upsertWorkflowSearchAttributes(_, { shown }, { searchAttributes }) {
    for (const [key, payload] of Object.entries(searchAttributes?.indexedFields ?? {}))
      shown.set(key, JSON.parse(Buffer.from(payload.data ?? []).toString() || 'null'));
  },
  updateResponse: (_, execution, command) => answerUpdate(execution, command),
  completeWorkflowExecution({ sim, end }, execution, { result }) {
    const value: unknown = result ? defaultPayloadConverter.fromPayload(result) : undefined;
    sim.note(`${execution.workflowId} completes: ${JSON.stringify(value)}`);
    end(execution, 'COMPLETED', () => execution.result.resolve(value));
  },
  failWorkflowExecution({ end }, execution, { failure }) {
    end(execution, 'FAILED', () => execution.result.reject(new Error(failure?.message ?? 'unknown')));
  },
  continueAsNewWorkflowExecution({ end, goOn }, execution, { workflowType, arguments: args }) {
    end(execution, 'CONTINUED_AS_NEW', () => undefined);
    goOn(execution, workflowType ?? execution.type, args ?? []);
  },
  startChildWorkflowExecution({ add, startChild }, execution, command) {
    const [workflowId, workflowType] = [command.workflowId ?? '', command.workflowType ?? ''];
    const runId = startChild({ workflowId, type: workflowType, args: command.input ?? [] });
    const failed = { workflowId, workflowType, cause: alreadyThere };
    const resolved = runId === null ? { failed } : { succeeded: { runId } };
    add(execution, { resolveChildWorkflowExecutionStart: { seq: command.seq ?? 0, ...resolved } });
  },
  setPatchMarker: () => undefined, // the turn holds it, and a replay learns of it
  modifyWorkflowProperties: () => undefined, // the memo, which nobody here reads
};

/** Throws for a command that is not simulated. */
export function obey(hooks: CommandHooks, execution: Execution, command: Command): void {
  for (const [kind, effect] of Object.entries(effects) as [keyof Command, Obey<unknown>][]) {
    const given = command[kind];
    if (given !== null && given !== undefined) return effect(hooks, execution, given);
  }
  throw new Error(`not simulated: ${Object.keys(command).join()}`);
}

function startTimer(
  { wire, add }: CommandHooks,
  execution: Execution,
  { seq, startToFireTimeout }: coresdk.workflow_commands.IStartTimer,
): void {
  const number = seq ?? 0;
  const fire = (): void => {
    if (execution.status === 'RUNNING' && !execution.timers.get(number)?.cancelled)
      add(execution, { fireTimer: { seq: number } });
  };
  execution.timers.set(number, wire.alarm(optionalTsToMs(startToFireTimeout) ?? 0, fire));
}

function answerUpdate(
  { updates }: Execution,
  { protocolInstanceId, rejected, completed }: coresdk.workflow_commands.IUpdateResponse,
): void {
  const update = updates.get(protocolInstanceId ?? '');
  if (rejected) update?.settled.reject(new Error(rejected.message ?? 'refused'));
  if (completed) update?.settled.resolve();
  if (rejected || completed) updates.delete(protocolInstanceId ?? '');
}
