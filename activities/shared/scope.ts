import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { Writer } from '../../src/store/records.js';

/** What an activity knows of its execution. */
export interface Scope {
  readonly writer: Writer;
  readonly signal: AbortSignal;
  /** Equal for every attempt of one activity and different for every other activity. Idempotency keys are made of it. */
  readonly key: string;
  /** Milliseconds from the activity's first attempt to this one, both by the Temporal server's clock. 0 in the first. */
  readonly waitedMs: number;
  /** How long after a heartbeat no other attempt can start, in milliseconds. */
  readonly leaseMs: number;
}

const direct = new AsyncLocalStorage<Scope>();

/** When this worker received the attempt with this signal, in Unix ms. */
const begun = new WeakMap<AbortSignal, number>();

/** Call it first in every attempt. */
export function attemptBegins(signal: AbortSignal): void {
  begun.set(signal, Date.now());
}

/** The scope of the activity that is running, under Temporal or directly (`runDirectly`). */
export function scope(): Scope {
  const own = direct.getStore();
  if (own) return own;
  const { info, cancellationSignal } = Context.current();
  const execution = info.workflowExecution ?? { workflowId: '', runId: '' };
  const attempt = { activity: info.activityId, number: info.attempt };
  const leaseMs = info.heartbeatTimeoutMs || Number.POSITIVE_INFINITY; // Temporal says 0 where there is none
  const since = begun.get(cancellationSignal);
  const writer = { ...execution, attempt, ...(since !== undefined && { until: since + leaseMs }) };
  return {
    writer,
    signal: cancellationSignal,
    key: `${writer.workflowId}/${writer.runId}/${info.activityId}`,
    waitedMs: info.currentAttemptScheduledTimestampMs - info.scheduledTimestampMs,
    leaseMs,
  };
}

/** Runs activity code without Temporal: adoption, `check`, tests. A repeated call passes the same `key` and the time it `waitedMs`. */
export function runDirectly<T>(writer: Writer, action: () => Promise<T>, given: Partial<Scope> = {}): Promise<T> {
  const { signal } = new AbortController();
  const alone = { signal, key: randomUUID(), waitedMs: 0, leaseMs: Number.POSITIVE_INFINITY };
  return direct.run({ ...alone, ...given, writer }, action);
}
