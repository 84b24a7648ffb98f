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

/** Wraps every activity: ledger entries before and after, heartbeats meanwhile, and failures without text from outside. */
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
      const found = outcomeOf(result);
      if (found.outcome === 'failed') await this.#requireFence(step);
      await this.#record(step, { event: 'succeeded', ...found });
      return result;
    } catch (error) {
      const failure = await this.#failureOf(error, step);
      const event = isBenign(failure) ? 'waiting' : 'failed'; // an expected wait is no failure: the step is repeated
      // The step has ended already. Without its end in the ledger it reads as "unknown", which is true.
      await this.#record(step, { event, detail: failure.message }).catch(() => undefined);
      throw failure;
    } finally {
      clearInterval(beat);
    }
  }

  /**
   * Only a step that may change something outside needs a recorded start: a start without an end reads as "unknown".
   * A check changes nothing, and the store itself records its own changes.
   */
  #mayChangeOutside(step: StepContext | null): boolean {
    return step?.check !== true && !this.#context.info.activityType.startsWith('versions.');
  }

  /** An earlier attempt may be frozen rather than dead. From here on this attempt is the writer. */
  #isRepeated(): boolean {
    return this.#context.info.attempt > 1;
  }

  /** A failure of a rotation that another one has taken over becomes FenceLost: it is no question to a person. */
  async #failureOf(error: unknown, step: StepContext | null): Promise<Error> {
    const failure = toFailure(error, step?.emergency);
    if (isBenign(failure) && !failure.nonRetryable) return failure;
    return this.#requireFence(step).then(
      () => failure,
      (lost: unknown) => toFailure(lost),
    );
  }

  /** Ignores a store that cannot be reached. @throws FenceLost */
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

  /** A planned step that cannot be recorded has not succeeded. In an emergency a failed recording is ignored: it must not delay a revocation. */
  async #record(step: StepContext | null, entry: LedgerEntry): Promise<void> {
    if (!step) return; // not a step of a rotation: such a workflow only reads, and records its own decisions
    const { workflowExecution, activityId, activityType, attempt } = this.#context.info;
    const { credential, fence, version, phase, title, emergency } = step;
    const written = this.#store.record({
      ...{ ...entry, ...workflowExecution, activity: activityType, activityId, attempt, credential, phase, title },
      ...(typeof fence === 'number' && { fence }),
      ...(typeof version === 'number' && { version }),
    });
    await (emergency ? written.catch(() => undefined) : written);
  }

  /** Every fifth of the timeout, at most every second. The first one comes after that time, so short steps send none. */
  #heartbeat(): NodeJS.Timeout {
    const timeoutMs = this.#context.info.heartbeatTimeoutMs ?? 5000;
    return setInterval(() => this.#context.heartbeat(), Math.min(timeoutMs / 5, 1000));
  }
}

function isBenign(failure: Error): failure is ApplicationFailure {
  return failure instanceof ApplicationFailure && failure.category === ApplicationFailureCategory.BENIGN;
}

function stepOf({ headers }: ActivityExecuteInput): StepContext | null {
  const payload = headers[stepHeader];
  return payload ? defaultPayloadConverter.fromPayload<StepContext | null>(payload) : null;
}

function outcomeOf(result: unknown): Pick<LedgerEntry, 'outcome' | 'detail'> {
  if (typeof result !== 'object' || result === null || !('outcome' in result) || !('detail' in result)) return {};
  return { outcome: String(result.outcome), detail: String(result.detail) };
}
