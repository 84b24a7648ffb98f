import type { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, defaultPayloadConverter } from '@temporalio/common';
import type {
  ActivityExecuteInput,
  ActivityInboundCallsInterceptor,
  ActivityInterceptorsFactory,
  Next,
} from '@temporalio/worker';
import { isFenceLost } from '../../src/store/failures.js';
import type { LedgerEntry } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { type StepContext, stepHeader } from '../../src/domain/step-context.js';
import { attemptBegins } from './scope.js';
import { toFailure } from './to-failure.js';

/** Around every activity: the ledger before and after, heartbeats meanwhile, and failures that carry nothing from outside. */
export function recordingInterceptor(store: Store): ActivityInterceptorsFactory {
  return (context) => ({ inbound: new Recorder(store, context) });
}

class Recorder implements ActivityInboundCallsInterceptor {
  readonly #store: Store;
  readonly #context: Context;

  constructor(store: Store, context: Context) {
    this.#store = store;
    this.#context = context;
  }

  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    attemptBegins(this.#context.cancellationSignal);
    const step = stepOf(input);
    const beat = this.#heartbeat();
    try {
      if (this.#mayChangeOutside(step) || this.#isRepeated()) await this.#record(step, { event: 'started' });
      const result = await next(input);
      if (hasFailed(result)) await this.#requireFence(step);
      await this.#record(step, { event: 'succeeded', ...outcomeOf(result) });
      return result;
    } catch (error) {
      const failure = await this.#failureOf(error, step);
      // The step has ended already; that its end is missing from the ledger reads as "unknown", which is true.
      await this.#record(step, { event: endOf(failure), detail: failure.message }).catch(() => undefined);
      throw failure;
    } finally {
      clearInterval(beat);
    }
  }

  /**
   * Only what may change something outside must be known to have begun: a start without an end reads as "unknown". A check changes nothing,
   * and what the store itself does is in the store.
   */
  #mayChangeOutside(step: StepContext | null): boolean {
    return step?.check !== true && !this.#context.info.activityType.startsWith('versions.');
  }

  /** An earlier attempt may only be frozen: from here on this one is the writer. */
  #isRepeated(): boolean {
    return this.#context.info.attempt > 1;
  }

  /** What goes wrong for a rotation that somebody else has taken over is no question to a person. */
  async #failureOf(error: unknown, step: StepContext | null): Promise<Error> {
    const failure = toFailure(error, step?.emergency);
    if (isExpected(failure)) return failure;
    return this.#requireFence(step).then(
      () => failure,
      (lost: unknown) => toFailure(lost),
    );
  }

  /** Says nothing when the store cannot be asked. @throws FenceLost */
  async #requireFence(step: StepContext | null): Promise<void> {
    if (typeof step?.fence !== 'number') return;
    const { credential, fence, version } = step;
    const { workflowExecution, activityId, attempt: number } = this.#context.info;
    if (!workflowExecution) return;
    const writer = { ...workflowExecution, attempt: { activity: activityId, number } };
    await this.#store.fence({ credential, fence, number: version ?? 0 }, writer).catch((error: unknown) => {
      if (isFenceLost(error)) throw error;
    });
  }

  /** A planned step that cannot be recorded has not succeeded; recording never delays a revocation. */
  async #record(step: StepContext | null, entry: LedgerEntry): Promise<void> {
    if (!step) return; // no step of a rotation: such a workflow only looks, and enters what it decides itself
    const { workflowExecution, activityId, activityType, attempt } = this.#context.info;
    const { credential, fence, version, phase, title, emergency } = step;
    const written = this.#store.record({
      ...entry,
      activity: activityType,
      activityId,
      attempt,
      ...workflowExecution,
      credential,
      ...(typeof fence === 'number' && { fence }),
      ...(typeof version === 'number' && { version }),
      phase,
      title,
    });
    await (emergency ? written.catch(() => undefined) : written);
  }

  /** First after, and then every, fifth of the timeout, at most a second: short steps cost nothing. */
  #heartbeat(): NodeJS.Timeout {
    const timeoutMs = this.#context.info.heartbeatTimeoutMs ?? 5000;
    return setInterval(() => this.#context.heartbeat(), Math.min(timeoutMs / 5, 1000));
  }
}

/** Expected waiting is no trouble: the same question is asked again, by Temporal or by the runner. */
function endOf(failure: Error): 'waiting' | 'failed' {
  return isBenign(failure) ? 'waiting' : 'failed';
}

function isExpected(failure: Error): boolean {
  return isBenign(failure) && !failure.nonRetryable;
}

function isBenign(failure: Error): failure is ApplicationFailure {
  return failure instanceof ApplicationFailure && failure.category === ApplicationFailureCategory.BENIGN;
}

/** A finding that says no. */
function hasFailed(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'outcome' in result && result.outcome === 'failed';
}

function stepOf({ headers }: ActivityExecuteInput): StepContext | null {
  const payload = headers[stepHeader];
  return payload ? defaultPayloadConverter.fromPayload<StepContext | null>(payload) : null;
}

function outcomeOf(result: unknown): Pick<LedgerEntry, 'outcome' | 'detail'> {
  if (typeof result !== 'object' || result === null || !('outcome' in result) || !('detail' in result)) return {};
  return { outcome: String(result.outcome), detail: String(result.detail) };
}
