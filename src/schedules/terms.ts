import type { CalendarSpec, ScheduleSpec, ScheduleSpecDescription } from '@temporalio/client';
import { dueAfter, intervalMs, type SchedulePlan } from './plan.js';

/** What a Temporal Schedule is created with: its times, and its catchup window. */
export interface ScheduleTerms {
  readonly spec: ScheduleSpec;
  readonly catchupMs: number;
  /** The same as text, without single times. A schedule with another text does not match the configuration. */
  readonly text: string;
}

const shortestCatchupMs = 10_000; // Temporal's minimum

/**
 * Temporal starts the workflow when a credential falls due. The workflow then applies windows, skipped dates and limits.
 * The catchup window is one interval, so that runs missed while the server was down happen once.
 * Temporal gets times in UTC and never a time zone. Its zone data may be older than ours, and the two would disagree on due times.
 */
export function termsOf(plan: SchedulePlan, anchor: number, now: number): ScheduleTerms {
  const { cadence, basis, jitterMs: jitter } = plan;
  const first = dueAfter(plan, anchor, anchor);
  const catchupMs = Math.max(intervalMs(plan, anchor), shortestCatchupMs);
  const intervals =
    cadence.kind === 'every' ? { intervals: [{ every: cadence.everyMs, offset: first % cadence.everyMs }] } : {};
  const common = { ...intervals, startAt: new Date(first), jitter };
  const text = JSON.stringify({ basis, ...common, catchupMs });
  if (cadence.kind === 'every') return { spec: common, catchupMs, text };
  const moments = momentsOf(plan, anchor, now - jitter); // a past one may still start, delayed by the jitter
  return { spec: { ...common, calendars: moments.map(calendarOf) }, catchupMs, text };
}

const momentsAhead = 12; // twelve minutes for an expression that fires every minute; workers renew them every minute
const fewestAhead = momentsAhead / 2;

/** The next times of a cron expression, Unix ms. */
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

/** Whether the Temporal Schedule of a cron expression has the right times, and enough of them ahead. */
export function hasMoments(
  { calendars = [], intervals = [] }: ScheduleSpecDescription,
  plan: SchedulePlan,
  { anchor, now }: { readonly anchor: number; readonly now: number },
): boolean {
  const ahead = calendars.map(momentIn).filter((moment) => moment === null || moment > now);
  const expected = momentsOf(plan, anchor, now);
  if (intervals.length > 0) return false;
  return ahead.length >= fewestAhead && ahead.every((moment) => moment !== null && expected.includes(moment));
}

/** The single time of a calendar, Unix ms; null for a calendar with several. */
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
