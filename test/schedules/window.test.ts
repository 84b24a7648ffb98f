import fc from 'fast-check';
import { beginningIn, openingAt, type Window } from '../../src/schedules/window.js';

const office: Window = { days: ['tue', 'wed', 'thu'], hours: { from: 9, to: 16 }, timezone: 'Europe/Berlin', skip: [] };
const nightly: Window = { ...office, days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] };
const at = (text: string): number => Date.parse(text);
const shown = ({ from, to }: { from: number; to: number }): string[] =>
  [from, to].map((ms) => new Date(ms).toISOString().slice(0, 16));

it('lets begin at once in an open window, its last minute included', () => {
  for (const now of ['2026-11-24T09:00+01:00', '2026-11-25T15:59:59.999+01:00'])
    expect(beginningIn(office, at(now), 0.5)).toBe(at(now));
});

it('waits for the next day of the week on which the window opens', () => {
  expect(beginningIn(office, at('2026-11-24T16:00+01:00'), 0)).toBe(at('2026-11-25T09:00+01:00'));
  expect(beginningIn(office, at('2026-11-26T16:00+01:00'), 0)).toBe(at('2026-12-01T09:00+01:00'));
});

it('spreads what waited over the window', () => {
  expect(beginningIn(office, at('2026-11-23T12:00Z'), 0.5)).toBe(at('2026-11-24T12:30+01:00'));
});

it('passes over the dates that are to be skipped, by the calendar of the time zone', () => {
  const skipping = { ...office, skip: ['2026-11-24', '2026-11-25'] };

  expect(beginningIn(skipping, at('2026-11-24T10:00+01:00'), 0)).toBe(at('2026-11-26T09:00+01:00'));
  const tokyo: Window = { ...nightly, hours: { from: 0, to: 24 }, timezone: 'Asia/Tokyo', skip: ['2026-11-24'] };
  expect(beginningIn(tokyo, at('2026-11-23T18:00Z'), 0)).toBe(at('2026-11-24T15:00Z'));
});

it('keeps to the clock on the wall when summer begins: the same hours are an hour earlier', () => {
  expect(shown(openingAt(nightly, at('2026-03-28T12:00Z')))).toEqual(['2026-03-28T08:00', '2026-03-28T15:00']);
  expect(shown(openingAt(nightly, at('2026-03-29T12:00Z')))).toEqual(['2026-03-29T07:00', '2026-03-29T14:00']);
});

it('is shorter, or not there, on the day that leaves hours out', () => {
  const opening = (from: number, to: number) =>
    shown(openingAt({ ...nightly, hours: { from, to } }, at('2026-03-28T23:00Z')));

  expect(opening(1, 4)).toEqual(['2026-03-29T00:00', '2026-03-29T02:00']); // 01:00 to 02:00, then 03:00 to 04:00
  expect(opening(2, 4)).toEqual(['2026-03-29T01:00', '2026-03-29T02:00']);
  expect(opening(2, 3)).toEqual(['2026-03-30T00:00', '2026-03-30T01:00']); // a day later
});

it('is longer on the day that repeats hours, and open in both of them', () => {
  const opening = (from: number, to: number) =>
    shown(openingAt({ ...nightly, hours: { from, to } }, at('2026-10-24T22:30Z')));

  expect(opening(2, 3)).toEqual(['2026-10-25T00:00', '2026-10-25T02:00']);
  expect(opening(1, 2)).toEqual(['2026-10-24T23:00', '2026-10-25T00:00']);
  expect(opening(0, 24)).toEqual(['2026-10-24T22:00', '2026-10-25T23:00']); // 25 hours
});

it('changes clocks where midnight itself is left out', () => {
  const santiago: Window = { ...nightly, hours: { from: 0, to: 2 }, timezone: 'America/Santiago' };

  expect(shown(openingAt(santiago, at('2026-09-06T04:00Z')))).toEqual(['2026-09-06T04:00', '2026-09-06T05:00']);
});

it('never begins outside the window, in any of these time zones, whenever it falls due', () => {
  const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC');
  const hours = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 1, max: 24 }))
    .filter(([from, to]) => from < to);
  const moments = fc.integer({ min: at('2026-01-01'), max: at('2028-01-01') });
  fc.assert(
    fc.property(
      zones,
      hours,
      moments,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (timezone, [from, to], due, share) => {
        const begins = beginningIn({ ...office, hours: { from, to }, timezone }, due, share);
        const parts = new Intl.DateTimeFormat('en-US', {
          timeZone: timezone,
          weekday: 'short',
          hour: 'numeric',
          hourCycle: 'h23',
        })
          .formatToParts(begins)
          .map(({ value }) => value);
        const hour = Number(parts.at(-1));
        return begins >= due && ['Tue', 'Wed', 'Thu'].includes(parts[0] ?? '') && hour >= from && hour < to;
      },
    ),
  );
});

it('does not look further than ten years', () => {
  const never: Window = { ...office, days: [] };

  expect(() => openingAt(never, at('2026-01-01'))).toThrow('does not open');
});
