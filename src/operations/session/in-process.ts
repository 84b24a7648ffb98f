import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ActivityFailure, ApplicationFailure, CancelledFailure, RetryState } from '@temporalio/common';
import { passing } from '../../../activities/shared/failures.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import { toFailure } from '../../../activities/shared/to-failure.js';
import { inboxOf, type Inbox } from '../../../workflows/rotation/messages.js';
import { type Definition, RotationRun } from '../../../workflows/rotation/run.js';
import type { Runtime } from '../../../workflows/rotation/runtime.js';
import { Exit } from '../../../workflows/rotation/step-failure.js';
import { rotationPolicyOf } from '../../config/policy.js';
import type { Call, CallOptions } from '../../domain/call.js';
import { durationMs } from '../../domain/duration.js';
import type { RotationInput, Waiting } from '../../domain/rotation.js';
import type { VersionRef } from '../../domain/version.js';
import type { Writer } from '../../store/records.js';
import { type Session, workflowOf } from './session.js';
import { inputOf } from '../../../workers/compose.js';

/** Who watches calls in this process. */
export interface Watcher {
  readonly onStep?: (title: string) => void;
  /** An attempt has failed, and the next one follows after so many milliseconds. */
  readonly onRetry?: (why: string, pauseMs: number) => void;
  /** Ends it: a question in progress is called off, and a change in progress is waited for. */
  readonly signal?: AbortSignal;
}

export interface InProcess extends Watcher {
  readonly session: Pick<Session, 'activities'>;
  readonly writer: Omit<Writer, 'attempt'>;
  /** Stands around every call of a run. */
  readonly around?: <R>(call: Call<R>, step: Step, perform: (call: Call<R>) => Promise<R>) => Promise<R>;
}

export interface Part extends InProcess {
  readonly session: Pick<Session, 'activities' | 'config'>;
  readonly actor: string;
}

type Step = Parameters<Runtime['execute']>[1];

/**
 * Runs one call in this process, with the attempts, pauses and timeouts of the call as in Temporal.
 * @throws the last attempt's failure, or the reason of `signal`
 */
export async function perform<R>(
  { session, writer, signal = new AbortController().signal, onRetry }: InProcess,
  { activity, args, options }: Call<R>,
  emergency = false,
): Promise<R> {
  const run = session.activities[activity];
  if (!run) throw new Error(`no activity is called ${activity}`);
  const [key, begun] = [randomUUID(), Date.now()];
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const waitedMs = Date.now() - begun;
    try {
      const limit = { ms: durationMs(options.startToClose), why: lateAttempt };
      return (await within(limit, signal, (ends) =>
        runDirectly(writer, () => run(...(args as never[])), { key, waitedMs, signal: ends }),
      )) as R;
    } catch (error) {
      signal.throwIfAborted();
      const failure = toFailure(error, emergency);
      const pauseMs = pauseAfter(failure, attempt, { ...options, emergency });
      if (pauseMs === null || attempt >= options.attempts) throw failure;
      onRetry?.(failure.message, pauseMs);
      await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

const lateAttempt = passing('no answer in time; the step may have happened');
const lateTrial = new CancelledFailure('nothing was shown in time');

/** Calls off what takes longer than `ms`. */
async function within<T>(
  { ms, why }: { readonly ms: number; readonly why: Error },
  signal: AbortSignal,
  work: (ends: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(why), ms);
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    throw late.signal.aborted ? why : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Null when a retry does not help. */
function pauseAfter(
  failure: Error,
  attempt: number,
  { initialInterval = '1 second', maximumInterval = '1 minute', emergency }: CallOptions & { emergency: boolean },
): number | null {
  if (!(failure instanceof ApplicationFailure) || failure.nonRetryable) return null;
  const { nextRetryDelay } = failure;
  const longestMs = durationMs(maximumInterval);
  if (typeof nextRetryDelay !== 'number') return Math.min(durationMs(initialInterval) * 2 ** (attempt - 1), longestMs);
  return emergency ? Math.min(nextRetryDelay, longestMs) : nextRetryDelay; // a person waits for the revocation
}

/** A rotation, or a part of one, in this process. Nobody can answer it, and it does not wait: where it would, it is abandoned. */
export function runInProcess(
  inProcess: InProcess,
  rotation: { readonly definition: Definition; readonly input: RotationInput; readonly inbox?: Inbox },
): RotationRun {
  const { definition, input, inbox = inboxOf() } = rotation;
  const runtime = processRuntime(inProcess, () => run.waiting);
  const run: RotationRun = new RotationRun(definition, input, { runtime, inbox });
  return run;
}

/** The same for a part that needs no rotation to be opened: an adoption or a repair. `next` is the version in force. */
export function partInProcess(inProcess: Part, next: VersionRef): RotationRun {
  const { session, actor } = inProcess;
  const { credential, fence } = next;
  const definition = workflowOf(session.config, credential);
  const input = inputOf(credential, { actor, trigger: 'manual', reason: inProcess.writer.workflowId });
  const run = runInProcess(inProcess, { definition, input });
  run.opened = { fence, current: null, next, unconfirmed: false };
  run.goesBy(rotationPolicyOf(session.config, credential, definition.descriptor));
  return run;
}

function processRuntime(inProcess: InProcess, waiting: () => Waiting | null): Runtime {
  let { signal = new AbortController().signal } = inProcess;
  return {
    async execute<R>(call: Call<R>, step: Step): Promise<R> {
      const { title, emergency } = step;
      const attempts = (wanted: Call<R>): Promise<R> => perform({ ...inProcess, signal }, wanted, emergency);
      inProcess.onStep?.(title);
      try {
        return await (inProcess.around?.(call, step, attempts) ?? attempts(call));
      } catch (error) {
        if (!(error instanceof ApplicationFailure)) throw error;
        const { MAXIMUM_ATTEMPTS_REACHED } = RetryState;
        throw new ActivityFailure(title, call.activity, title, MAXIMUM_ATTEMPTS_REACHED, undefined, error);
      }
    },
    now: () => Date.now(),
    wait: () => Promise.reject(new Exit('abandon', whyStuck(waiting()))),
    show: () => undefined,
    calledOff: () => inProcess.signal?.aborted === true,
    async within(ms, work) {
      const outer = signal;
      try {
        return await within({ ms, why: lateTrial }, outer, (ends) => {
          signal = ends;
          return work();
        });
      } finally {
        signal = outer;
      }
    },
  };
}

/** What a failed step says, or what cannot be waited for here. */
function whyStuck(waiting: Waiting | null): string {
  if (!waiting) return 'it cannot continue';
  if (waiting.task !== undefined)
    return `${waiting.why}: only a person can do it, as keyturn tasks show ${waiting.task} says, and nothing here waits for that`;
  return waiting.choices.includes('retry') ? waiting.why : `${waiting.why}: this needs a rotation`;
}
