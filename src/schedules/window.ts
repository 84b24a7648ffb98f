import { DateTime } from 'luxon';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** When scheduled rotations may begin. Hours are those of the clock on the wall of the time zone. */
export interface Window {
  readonly days: readonly (typeof weekdays)[number][];
  /** From `from` o'clock, and before `to` o'clock. */
  readonly hours: { readonly from: number; readonly to: number };
  readonly timezone: string;
  /** Dates (`2026-12-24`) in that time zone on which nothing begins. */
  readonly skip: readonly string[];
}

/** One stretch of time in which a window is open, Unix ms, `to` not included. */
export interface Opening {
  readonly from: number;
  readonly to: number;
}

const farthestDays = 3660; // ten years: nobody skips that many dates

/**
 * The opening at a moment, or the next one. A day on which the clocks leave the hours of the window out has none; one on which they
 * repeat them has a longer one.
 * @throws RangeError when there is none in ten years
 */
export function openingAt(window: Window, at: number): Opening {
  const first = DateTime.fromMillis(at, { zone: window.timezone }).startOf('day').minus({ days: 1 });
  for (let ahead = 0; ahead < farthestDays; ahead++) {
    const day = first.plus({ days: ahead });
    const opening = isAllowed(window, day) ? openingOn(window, day) : null;
    if (opening && opening.to > at) return opening;
  }
  throw new RangeError('the window does not open in the next ten years');
}

/** When something due at a moment may begin: then, in an open window; else in the next one, `share` (0 up to 1) of the way through. */
export function beginningIn(window: Window | null, at: number, share: number): number {
  if (!window) return at;
  const { from, to } = openingAt(window, at);
  return from <= at ? at : Math.floor(from + share * (to - from));
}

function isAllowed({ days, skip }: Window, day: DateTime): boolean {
  const weekday = weekdays[day.weekday - 1];
  return weekday !== undefined && days.includes(weekday) && !skip.includes(day.toISODate() ?? '');
}

function openingOn({ hours }: Window, day: DateTime): Opening | null {
  const [from, to] = [onTheClock(day, hours.from), onTheClock(day, hours.to)];
  return from < to ? { from, to } : null;
}

/** When the clock shows a full hour of a day, the first time if it does so twice. Where it leaves the hour out: when it jumps over it. */
export function onTheClock(day: DateTime, hour: number, minute = 0): number {
  const midnight = day.startOf('day').plus({ days: hour === 24 ? 1 : 0 });
  const shown = midnight.set({ hour: hour % 24, minute });
  return Math.min(...shown.getPossibleOffsets().map((each) => each.toMillis()));
}
