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
    context.addIssue('write two hours of the same day, such as 9-16; a window cannot span midnight');
    return z.NEVER;
  });

const Window = z.strictObject({
  days: z.array(z.enum(weekdays)).min(1).describe('Days of the week: mon, tue, wed, thu, fri, sat, sun.'),
  hours: Hours.describe('Hours in which rotations may begin: 9-16 means from 9:00 until 15:59.'),
  timezone: z
    .string()
    .refine(isTimezone, { error: 'not a time zone; write for example Europe/Berlin or UTC' })
    .overwrite(spelled)
    .describe('Name of the time zone of the hours.'),
});

const CronText = z
  .string()
  .superRefine((text, context) => {
    const why = whyNoCron(text);
    if (why !== null) context.addIssue(why);
  })
  .meta({ examples: ['0 9 1 */3 *'] });

const SkippedDate = z
  .string({ error: 'write a date in quotes, such as "2026-12-24"' })
  .refine((text) => DateTime.fromFormat(text, 'yyyy-MM-dd').isValid, {
    error: 'not a date; write for example "2026-12-24"',
  })
  .meta({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', examples: ['2026-12-24'] });

/** When a credential is rotated automatically. */
export const Schedule = z.strictObject({
  every: DurationText.refine((every) => durationMs(every) > 0, { error: 'an interval must be longer than 0 seconds' })
    .optional()
    .describe('Time between rotations, where it differs from the rotation guide. Give the reason as well.'),
  cron: CronText.optional().describe(
    "Instead of an interval: minute, hour, day of the month, month, day of the week, in the window's time zone (UTC without one). Give the reason as well.",
  ),
  reason: z.string().trim().min(1).optional().describe('Why the interval differs from the recommended one.'),
  window: Window.optional().describe('When scheduled rotations may begin.'),
  skip: z
    .array(SkippedDate)
    .min(1)
    .optional()
    .describe("Dates on which no scheduled rotation begins, in the window's time zone (UTC without one)."),
  jitter: DurationText.optional().describe('A random delay of up to this long, drawn for each rotation.'),
});

/** Node accepts any spelling of a time zone, Temporal only its own. A second name of the same zone stays as it is. */
function spelled(name: string): string {
  if (!isTimezone(name)) return name;
  const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
  const isSecondName = timeZone.toLowerCase() !== name.toLowerCase();
  return isSecondName && /[A-Z]/.test(name) ? name : timeZone;
}

function isTimezone(name: string): boolean {
  try {
    // Node also accepts an offset such as +02:00, but Temporal accepts only names.
    return /^[A-Za-z]/.test(name) && Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}
