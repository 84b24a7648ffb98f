import type { ScheduleSpecDescription } from '@temporalio/client';
import { cronOf } from '../../src/schedules/cron.js';
import { dueAfter, type SchedulePlan } from '../../src/schedules/plan.js';
import { hasMoments, termsOf } from '../../src/schedules/terms.js';

const start = Date.UTC(2026, 0, 1);
const quarterly = planOf('0 9 1 */3 *');

function planOf(text: string, timezone = 'Africa/Casablanca', jitterMs = 0): SchedulePlan {
  const basis = `cron ${text} ${timezone}`;
  return {
    ...{ credential: 'openai', basis, window: null, share: 0.5, jitterMs },
    cadence: { kind: 'cron', cron: cronOf(text, timezone), text },
  };
}

/** A schedule as Temporal gives it back: every field as ranges. */
function described(plan: SchedulePlan, now: number): ScheduleSpecDescription {
  const { calendars = [] } = termsOf(plan, start, now).spec;
  const ranges = calendars.map((calendar) =>
    Object.fromEntries(
      Object.entries(calendar).map(([name, at]: [string, unknown]) => [name, [{ start: at, end: at, step: 1 }]]),
    ),
  );
  return { calendars: ranges } as unknown as ScheduleSpecDescription;
}

it('tells Temporal moments in UTC, and never a time zone whose rules it may know differently', () => {
  const { spec } = termsOf(quarterly, start, start);

  expect(spec).not.toHaveProperty('timezone');
  expect(spec).not.toHaveProperty('cronExpressions');
  expect(spec.calendars?.[0]).toMatchObject({ year: 2026, month: 'APRIL', dayOfMonth: 1, minute: 0, second: 0 });
  expect(spec.calendars).toHaveLength(12);
});

it('finds its own moments again, until half of them have passed', () => {
  const moments: number[] = [];
  for (let at = start; moments.length < 12; moments.push(at)) at = dueAfter(quarterly, start, at);
  const found = described(quarterly, start);
  const agreesAt = (now: number) => hasMoments(found, quarterly, { anchor: start, now });

  expect(agreesAt(start)).toBe(true);
  expect(agreesAt(moments[5]!)).toBe(true);
  expect(agreesAt(moments[6]!)).toBe(false);
});

it('does not take for its own what is an hour off, what is open, or what is left of it', () => {
  const off = described(planOf('0 10 1 */3 *'), start);
  const { calendars = [] } = described(quarterly, start);
  const [first, ...rest] = calendars;
  const open = { calendars: [{ ...first!, year: [] }, ...rest] };

  expect(hasMoments(off, quarterly, { anchor: start, now: start })).toBe(false);
  expect(hasMoments(open, quarterly, { anchor: start, now: start })).toBe(false);
  expect(hasMoments({ calendars: [] }, quarterly, { anchor: start, now: start })).toBe(false);
});

it('keeps a moment that is just past as long as a start may be late by its jitter', () => {
  const hourly = planOf('0 * * * *', 'UTC', 600_000);
  const afterOne = Date.UTC(2026, 0, 3, 1, 5);

  expect(termsOf(hourly, start, afterOne).spec.calendars?.[0]).toMatchObject({ dayOfMonth: 3, hour: 1 });
  expect(termsOf(hourly, start, afterOne + 600_000).spec.calendars?.[0]).toMatchObject({ dayOfMonth: 3, hour: 2 });
});
