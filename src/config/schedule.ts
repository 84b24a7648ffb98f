import { DateTime } from 'luxon';
import { z } from 'zod';
import { durationMs } from '../domain/duration.js';
import { whyNoCron } from '../schedules/cron.js';
import { weekdays } from '../schedules/window.js';
import { DurationText } from '../fields/fields.js';

/** Parsed: a rotation begins at or after `from` and before `to`, both full hours. */
const Hours = z
  .string()
  .meta({ pattern: '^\\d{1,2}-\\d{1,2}$', examples: ['9-16'] })
  .transform((text, context) => {
    const [, from, to] = (/^(\d{1,2})-(\d{1,2})$/.exec(text) ?? []).map(Number);
    if (from !== undefined && to !== undefined && from < to && to <= 24) return { from, to };
    context.addIssue('write two hours of one day such as 9-16; a window does not pass midnight');
    return z.NEVER;
  });

const Window = z.strictObject({
  days: z.array(z.enum(weekdays)).min(1).describe('Days of the week: mon, tue, wed, thu, fri, sat, sun.'),
  hours: Hours.describe('From this hour up to that one: 9-16 begins rotations from 9:00 until 15:59.'),
  timezone: z
    .string()
    .refine(isTimezone, { error: 'not a time zone; write for example Europe/Berlin or UTC' })
    .overwrite(spelled)
    .describe('Name of the time zone the hours are in.'),
});

const CronText = z
  .string()
  .superRefine((text, context) => {
    const trouble = whyNoCron(text);
    if (trouble !== null) context.addIssue(trouble);
  })
  .meta({ examples: ['0 9 1 */3 *'] });

const SkippedDate = z
  .string({ error: 'write a date in quotes, such as "2026-12-24"' })
  .refine((text) => DateTime.fromFormat(text, 'yyyy-MM-dd').isValid, {
    error: 'not a date; write for example "2026-12-24"',
  })
  .meta({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', examples: ['2026-12-24'] });

/** When a credential is rotated without anybody asking. */
export const Schedule = z.strictObject({
  every: DurationText.refine((every) => durationMs(every) > 0, { error: 'an interval is longer than nothing' })
    .optional()
    .describe('Time between rotations, when it is not the one the rotation guide recommends. Give the reason as well.'),
  cron: CronText.optional().describe(
    'Instead of an interval: minute, hour, day of the month, month, day of the week, by the clock of the window (UTC without one). Give the reason as well.',
  ),
  reason: z.string().trim().min(1).optional().describe('Why the interval differs from the recommended one.'),
  window: Window.optional().describe('When scheduled rotations may begin.'),
  skip: z
    .array(SkippedDate)
    .min(1)
    .optional()
    .describe('Dates on which no scheduled rotation begins, by the calendar of the window (UTC without one).'),
  jitter: DurationText.optional().describe('A random delay of up to this long, anew each time.'),
});

/** Node takes a time zone in any spelling, and Temporal in its own alone. A second name of a zone stays what it is. */
function spelled(name: string): string {
  if (!isTimezone(name)) return name;
  const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
  const isSecondName = timeZone.toLowerCase() !== name.toLowerCase();
  return isSecondName && /[A-Z]/.test(name) ? name : timeZone;
}

function isTimezone(name: string): boolean {
  try {
    // An offset such as +02:00 would pass as well, but Temporal takes names only.
    return /^[A-Za-z]/.test(name) && Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}
