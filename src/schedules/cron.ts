import { DateTime } from 'luxon';
import { onTheClock } from './window.js';

/** The moments that a cron expression names, field by field; every list is sorted. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly monthDays: readonly number[];
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly weekDays: readonly number[];
}

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}
const fields = [
  { name: 'minute', from: 0, to: 59 },
  { name: 'hour', from: 0, to: 23 },
  { name: 'day of the month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12 },
  { name: 'day of the week', from: 0, to: 7 },
] as const satisfies readonly Field[];

const farthestDays = 3660; // eight years may pass between two 29ths of February

/** What is wrong with a cron expression, in words; null when nothing is. */
export function whyNoCron(text: string): string | null {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== fields.length)
    return 'write five fields, minute hour day-of-month month day-of-week, for example "0 9 1 */3 *"';
  const wrong = fields.find((field, index) => valuesOf(parts[index] ?? '', field) === null);
  if (wrong)
    return `the ${wrong.name} is not right; write numbers from ${wrong.from} to ${wrong.to}, with "*", "-", "," and "/"`;
  // Classic cron means "or" by two restricted days, Temporal "and".
  if (parts[2] !== '*' && parts[4] !== '*') return 'restrict the day of the month or the day of the week, not both';
  return nextSlot(cronOf(text), 'UTC', 0) === null ? 'no such day ever comes' : null;
}

/** @throws RangeError when the text is not a cron expression (`whyNoCron` says why) */
export function cronOf(text: string): Cron {
  const [minutes, hours, monthDays, months, weekDays] = text
    .trim()
    .split(/\s+/)
    .map((part, index) => valuesOf(part, fields[index] ?? fields[0]));
  if (!minutes || !hours || !monthDays || !months || !weekDays) throw new RangeError('not a cron expression');
  return { minutes, hours, monthDays, months, weekDays: [...new Set(weekDays.map((day) => day % 7))].sort(ascending) };
}

/** The first slot after a moment, Unix ms; null when there is none. Times skipped by a DST change are skipped; repeated times fire once. */
export function nextSlot(cron: Cron, timezone: string, after: number): number | null {
  const today = DateTime.fromMillis(after, { zone: timezone }).startOf('day');
  const farthest = today.plus({ days: farthestDays });
  for (let day = today; day < farthest;) {
    if (!cron.months.includes(day.month)) {
      day = day.startOf('month').plus({ months: 1 }); // most days are in months that are not named
      continue;
    }
    const slot = isNamed(cron, day) ? slotsOn(cron, day).find((at) => at > after) : undefined;
    if (slot !== undefined) return slot;
    day = day.plus({ days: 1 });
  }
  return null;
}

function isNamed({ monthDays, weekDays }: Cron, day: DateTime): boolean {
  return monthDays.includes(day.day) && weekDays.includes(day.weekday % 7);
}

function slotsOn({ hours, minutes }: Cron, day: DateTime): number[] {
  const slots = hours.flatMap((hour) =>
    minutes
      .map((minute) => ({ hour, minute, at: onTheClock(day, hour, minute) }))
      .filter(({ hour, minute, at }) => {
        const shown = DateTime.fromMillis(at, { zone: day.zoneName ?? 'UTC' });
        return shown.hour === hour && shown.minute === minute;
      })
      .map(({ at }) => at),
  );
  return slots.sort(ascending);
}

/** `*`, `5`, `1-5`, `*` or a range with `/step`, and lists of them; null when it is none of these. */
function valuesOf(text: string, field: Field): number[] | null {
  const parts = text.split(',').map((part) => rangeOf(part, field));
  return parts.includes(null) ? null : [...new Set(parts.flatMap((part) => part ?? []))].sort(ascending);
}

function rangeOf(text: string, field: Field): number[] | null {
  const match = /^(\*|\d{1,2}(?:-\d{1,2})?)(?:\/(\d{1,2}))?$/.exec(text);
  if (!match) return null;
  const [, range = '', step] = match;
  const { from, to } = endsOf(range, step === undefined ? null : field.to, field);
  const by = Number(step ?? 1);
  if (from < field.from || to > field.to || from > to || by === 0) return null;
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by);
}

/** A single number ends with itself, but with a step behind it (`5/10`) it goes on. */
function endsOf(range: string, goesOnTo: number | null, field: Field): Pick<Field, 'from' | 'to'> {
  if (range === '*') return field;
  const [from = 0, to = goesOnTo ?? from] = range.split('-').map(Number);
  return { from, to };
}

function ascending(a: number, b: number): number {
  return a - b;
}
