import type { ScheduleSpec } from '@temporalio/client';
import { dueAfter, intervalMs, type SchedulePlan } from './plan.js';

/** What a Temporal Schedule is made with: the times, and how much may be caught up. */
export interface Terms {
  readonly spec: ScheduleSpec;
  readonly catchupMs: number;
  /** The same as text: a schedule that carries another one does not agree with the configuration. */
  readonly text: string;
}

const shortestCatchupMs = 10_000; // Temporal takes no less

/**
 * Temporal starts the workflow when a credential falls due; windows, skipped dates and limits are looked at there, when it has begun.
 * What was missed while the server was down is caught up for one interval: so it happens once, and not as often as it was missed.
 */
export function termsOf(plan: SchedulePlan, anchor: number): Terms {
  const first = dueAfter(plan, anchor, anchor);
  const catchupMs = Math.max(intervalMs(plan, anchor), shortestCatchupMs);
  const spec = {
    ...(plan.cadence.kind === 'every'
      ? { intervals: [{ every: plan.cadence.everyMs, offset: first % plan.cadence.everyMs }] }
      : { cronExpressions: [plan.cadence.text], timezone: plan.cadence.timezone }),
    startAt: new Date(first),
    jitter: plan.jitterMs,
  };
  return { spec, catchupMs, text: JSON.stringify({ basis: plan.basis, ...spec, catchupMs }) };
}
