import { defaultPayloadConverter } from '@temporalio/common';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import type { coresdk, temporal } from '@temporalio/proto';
import type { Simulation } from './engine.js';
import { newActivity } from './activity-options.js';
import type { Activity, ActivityTask, Execution, Job, Poller } from './execution.js';
import type { Wire } from './wire.js';

type Failure = temporal.api.failure.v1.IFailure;

/** What the activity board needs from the rest of the server. */
export interface ActivityHooks {
  /** Workers that poll at the moment. */
  ready(): Poller[];
  /** Adds a job for a workflow. */
  add(execution: Execution, job: Job): void;
  scheduled(type: string, args: unknown[]): void;
}

/** Activities as the server sees them: attempts, timeouts, retries, cancellation. */
export class ActivityBoard {
  readonly #sim: Simulation;
  readonly #wire: Wire;
  readonly #hooks: ActivityHooks;
  readonly #waiting: ActivityTask[] = [];

  constructor(sim: Simulation, wire: Wire, hooks: ActivityHooks) {
    this.#sim = sim;
    this.#wire = wire;
    this.#hooks = hooks;
  }

  complete(task: ActivityTask, result: coresdk.activity_result.IActivityExecutionResult): void {
    this.#wire.receive(() => {
      const { activity, attempt } = task;
      const stale = !isUnderWay(task);
      this.#sim.note(`${activity.type} #${attempt} ends${stale ? ', and nobody waits for it' : ''}: ${kindOf(result)}`);
      if (!stale) this.#ended(task, result);
    });
  }

  #ended(task: ActivityTask, { completed, cancelled, failed }: coresdk.activity_result.IActivityExecutionResult): void {
    const { execution, activity } = task;
    if (completed) return this.#resolve(execution, activity, { completed: { result: completed.result ?? null } });
    if (cancelled && activity.cancelRequested) return this.#cancelled(execution, activity);
    this.#failed(task, (failed ?? cancelled)?.failure ?? { message: 'no result' });
  }

  /** The heartbeat's answer: whether the attempt goes on. */
  async heartbeat(task: ActivityTask): Promise<'goes on' | 'CANCELLED' | 'NOT_FOUND'> {
    return this.#wire.call(() => {
      if (!isUnderWay(task)) return 'NOT_FOUND';
      this.#expectHeartbeat(task);
      return task.activity.cancelRequested ? 'CANCELLED' : 'goes on';
    });
  }

  schedule(execution: Execution, command: coresdk.workflow_commands.IScheduleActivity): void {
    const activity = newActivity(command, this.#sim.now);
    this.#hooks.scheduled(
      activity.type,
      activity.args.map((arg) => defaultPayloadConverter.fromPayload(arg)),
    );
    execution.activities.set(activity.seq, activity);
    this.#queue(execution, activity);
  }

  #queue(execution: Execution, activity: Activity): void {
    const { attempt, scheduledAt, attemptScheduledAt } = activity;
    this.#waiting.push({ execution, activity, attempt, scheduledAt, attemptScheduledAt });
    this.dispatch();
  }

  dispatch(): void {
    const ready = this.#hooks.ready();
    if (ready.length === 0) return;
    for (const task of this.#waiting.splice(0)) {
      const { activity, execution, attempt } = task;
      if (activity.state !== 'waiting' || activity.attempt !== attempt || execution.status !== 'RUNNING') continue;
      const poller = this.#sim.random.pick(ready);
      activity.state = 'started';
      activity.alarms = [this.#wire.alarm(activity.startToCloseMs, () => this.#timedOut(task, 'START_TO_CLOSE'))];
      this.#expectHeartbeat(task);
      this.#sim.after(this.#wire.delay(), () => poller.process.enter(() => poller.activityTask(task)));
    }
  }

  #expectHeartbeat(task: ActivityTask): void {
    const { activity } = task;
    if (activity.heartbeat) activity.heartbeat.cancelled = true;
    if (activity.heartbeatMs === undefined) return;
    activity.heartbeat = this.#wire.alarm(activity.heartbeatMs, () => this.#timedOut(task, 'HEARTBEAT'));
  }

  #timedOut(task: ActivityTask, kind: 'START_TO_CLOSE' | 'HEARTBEAT'): void {
    const { activity, attempt } = task;
    if (activity.state !== 'started' || activity.attempt !== attempt) return;
    this.#sim.note(`${activity.type} #${attempt}: ${kind} timeout`);
    const timeoutType = kind === 'HEARTBEAT' ? 4 : 1;
    this.#failed(task, { message: `activity ${kind} timeout`, source: 'Server', timeoutFailureInfo: { timeoutType } });
  }

  #failed({ execution, activity }: ActivityTask, failure: Failure): void {
    const { nonRetryable, nextRetryDelay } = failure.applicationFailureInfo ?? {};
    this.#quiet(activity);
    if (activity.cancelRequested && failure.timeoutFailureInfo) return this.#cancelled(execution, activity);
    const { retry, attempt } = activity;
    const again = nonRetryable !== true && attempt < retry.attempts && !activity.cancelRequested;
    if (!again)
      return this.#resolve(execution, activity, {
        failed: { failure: wrapped(activity, 'Activity task failed', failure) },
      });
    const backoffMs = Math.min(retry.initialMs * retry.factor ** (attempt - 1), retry.maximumMs);
    activity.state = 'waiting';
    activity.attempt++;
    activity.alarms = [
      this.#wire.alarm(optionalTsToMs(nextRetryDelay) ?? backoffMs, () => {
        activity.attemptScheduledAt = this.#sim.now;
        this.#queue(execution, activity);
      }),
    ];
  }

  requestCancel(execution: Execution, seq: number): void {
    const activity = execution.activities.get(seq);
    if (!activity || activity.state === 'closed') return;
    activity.cancelRequested = true;
    // no attempt is running; a running attempt would learn it from its heartbeat
    if (activity.state === 'waiting') this.#cancelled(execution, activity);
  }

  #cancelled(execution: Execution, activity: Activity): void {
    const failure = wrapped(activity, 'Activity cancelled', {
      message: 'Activity cancelled',
      source: 'Server',
      canceledFailureInfo: {},
    });
    this.#resolve(execution, activity, { cancelled: { failure } });
  }

  #resolve(execution: Execution, activity: Activity, result: coresdk.activity_result.IActivityResolution): void {
    this.close(activity);
    this.#hooks.add(execution, { resolveActivity: { seq: activity.seq, result } });
  }

  close(activity: Activity): void {
    this.#quiet(activity);
    activity.state = 'closed';
  }

  #quiet(activity: Activity): void {
    for (const alarm of activity.alarms) alarm.cancelled = true;
    if (activity.heartbeat) activity.heartbeat.cancelled = true;
  }
}

/** Whether the server still waits for exactly this attempt. */
function isUnderWay({ execution, activity, attempt }: ActivityTask): boolean {
  return activity.state === 'started' && activity.attempt === attempt && execution.status === 'RUNNING';
}

function kindOf({ completed, failed, cancelled }: coresdk.activity_result.IActivityExecutionResult): string {
  if (completed) return 'done';
  return failed ? `failed: ${failed.failure?.message}` : cancelled ? 'cancelled' : 'unknown';
}

function wrapped({ id, type, attempt, retry }: Activity, message: string, cause: Failure): Failure {
  const retryState = cause.applicationFailureInfo?.nonRetryable === true ? 2 : attempt >= retry.attempts ? 5 : 1;
  return {
    message,
    source: 'Server',
    cause,
    activityFailureInfo: { activityId: id, activityType: { name: type }, retryState, identity: 'worker' },
  };
}
