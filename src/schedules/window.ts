import { DateTime } from 'luxon';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** When scheduled rotations may begin. Hours are local hours of the time zone. */
export interface Window {
  readonly days: readonly (typeof weekdays)[number][];
  /** From `from` o'clock, and before `to` o'clock. */
  readonly hours: { readonly from: number; readonly to: number };
  readonly timezone: string;
  /** Dates (`2026-12-24`) of that time zone on which nothing begins. */
  readonly skip: readonly string[];
}

/** A period in which a window is open, Unix ms. `to` is not included. */
export interface Opening {
  readonly from: number;
  readonly to: number;
}

const farthestDays = 3660; // ten years; no configuration skips that many dates

/**
 * The opening at a time, or the next one. A DST change that skips the window's hours leaves that day without an opening. One that
 * repeats them makes the opening longer.
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

/** When a rotation that falls due at `at` may begin. In an open window: at once. Otherwise: in the next window, after `share` (0 up to 1) of it. */
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

/** The time of a local hour and minute. A repeated time counts the first time; for a skipped time it is the moment of the DST change. */
export function onTheClock(day: DateTime, hour: number, minute = 0): number {
  const midnight = day.startOf('day').plus({ days: hour === 24 ? 1 : 0 });
  const local = midnight.set({ hour: hour % 24, minute });
  return Math.min(...local.getPossibleOffsets().map((each) => each.toMillis()));
}
