import type { CalendarSpec, ScheduleSpec, ScheduleSpecDescription } from '@temporalio/client';
import { dueAfter, intervalMs, type SchedulePlan } from './plan.js';

/** What a Temporal Schedule is made with: the times, and how much may be caught up. */
export interface Terms {
  readonly spec: ScheduleSpec;
  readonly catchupMs: number;
  /** The same as text, without the moments: a schedule that carries another one does not agree with the configuration. */
  readonly text: string;
}

const shortestCatchupMs = 10_000; // Temporal takes no less

/**
 * Temporal starts the workflow when a credential falls due; windows, skipped dates and limits are looked at there, when it has begun.
 * What was missed while the server was down is caught up for one interval: so it happens once, and not as often as it was missed.
 * Temporal gets moments in UTC and never a time zone: its zone data may be older than ours, and then the two would disagree on what is due.
 */
export function termsOf(plan: SchedulePlan, anchor: number, now: number): Terms {
  const { cadence, basis, jitterMs: jitter } = plan;
  const first = dueAfter(plan, anchor, anchor);
  const catchupMs = Math.max(intervalMs(plan, anchor), shortestCatchupMs);
  const intervals =
    cadence.kind === 'every' ? { intervals: [{ every: cadence.everyMs, offset: first % cadence.everyMs }] } : {};
  const common = { ...intervals, startAt: new Date(first), jitter };
  const text = JSON.stringify({ basis, ...common, catchupMs });
  if (cadence.kind === 'every') return { spec: common, catchupMs, text };
  const moments = momentsOf(plan, anchor, now - jitter); // one that is past may still be started, as late as that
  return { spec: { ...common, calendars: moments.map(calendarOf) }, catchupMs, text };
}

const momentsAhead = 12; // for a cron expression that names one a minute, as many minutes; workers renew them every minute
const fewestAhead = momentsAhead / 2;

/** The next moments that a cron expression names, Unix ms. */
function momentsOf(plan: SchedulePlan, anchor: number, after: number): number[] {
  const moments: number[] = [];
  for (let at = after; moments.length < momentsAhead; moments.push(at)) at = dueAfter(plan, anchor, at);
  return moments;
}

const months = [
  ...(['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE', 'JULY'] as const),
  ...(['AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'] as const),
];

function calendarOf(moment: number): CalendarSpec {
  const at = new Date(moment);
  return {
    ...{ year: at.getUTCFullYear(), month: months[at.getUTCMonth()]!, dayOfMonth: at.getUTCDate() },
    ...{ hour: at.getUTCHours(), minute: at.getUTCMinutes(), second: at.getUTCSeconds() },
  };
}

/** Whether a schedule of a cron expression has the moments that are named, and enough of them for a while. */
export function hasMoments(
  { calendars = [], intervals = [] }: ScheduleSpecDescription,
  plan: SchedulePlan,
  { anchor, now }: { readonly anchor: number; readonly now: number },
): boolean {
  const ahead = calendars.map(momentIn).filter((moment) => moment === null || moment > now);
  const named = momentsOf(plan, anchor, now);
  if (intervals.length > 0) return false;
  return ahead.length >= fewestAhead && ahead.every((moment) => moment !== null && named.includes(moment));
}

/** Null for a calendar that names more than one moment. */
function momentIn(calendar: NonNullable<ScheduleSpecDescription['calendars']>[number]): number | null {
  const [year, month, day, hour, minute, second] = [
    ...[calendar.year, calendar.month, calendar.dayOfMonth],
    ...[calendar.hour, calendar.minute, calendar.second],
  ].map(([range, ...more]) => (range && more.length === 0 && range.start === range.end ? range.start : null));
  if ([year, month, day, hour, minute, second].includes(null)) return null;
  const numbers = [day, hour, minute, second].map(Number) as [number, number, number, number];
  return Date.UTC(
    Number(year),
    months.findIndex((name) => name === month),
    ...numbers,
  );
}
