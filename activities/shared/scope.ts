import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { Writer } from '../../src/store/records.js';

/** What an activity may know of its execution: who it is to the store, and when to stop. */
export interface Scope {
  readonly writer: Writer;
  readonly signal: AbortSignal;
  /** The same for every attempt of one activity and for no other activity: what idempotency keys are made of. */
  readonly key: string;
  /** Milliseconds from the activity's first attempt to this one, both by the Temporal server's clock; 0 in the first. */
  readonly waitedMs: number;
  /** For how long after a sign of life nobody else takes this attempt for dead, in milliseconds. */
  readonly leaseMs: number;
}

const direct = new AsyncLocalStorage<Scope>();

/** When the attempt with this signal was handed to us, in Unix ms. */
const begun = new WeakMap<AbortSignal, number>();

/** Called before anything else of an attempt. */
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

/** Runs activity code without Temporal: adoption, `check`, tests. Who repeats a call says so by giving the same `key` and what it `waitedMs`. */
export function runDirectly<T>(
  writer: Writer,
  work: () => Promise<T>,
  {
    signal = new AbortController().signal,
    key = randomUUID(),
    waitedMs = 0,
    leaseMs = Number.POSITIVE_INFINITY,
  }: Partial<Omit<Scope, 'writer'>> = {},
): Promise<T> {
  return direct.run({ writer, signal, key, waitedMs, leaseMs }, work);
}
