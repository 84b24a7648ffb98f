import fc from 'fast-check';
import { dueOnGrid, noticeMs, shareOf, staggerMs } from '../../src/domain/cadence.js';

const day = 86_400_000;
const anchor = Date.UTC(2026, 0, 1);

it('is due a whole interval after its anchor, and again and again', () => {
  const grid = { anchor, everyMs: 90 * day, staggerMs: 0 };

  expect(dueOnGrid(grid, anchor)).toBe(anchor + 90 * day);
  expect(dueOnGrid(grid, anchor + 90 * day - 1)).toBe(anchor + 90 * day);
  expect(dueOnGrid(grid, anchor + 90 * day)).toBe(anchor + 180 * day);
});

it('is never due before a whole interval has passed, whatever is asked', () => {
  const times = fc.integer({ min: 0, max: 4e12 });
  fc.assert(
    fc.property(times, times, fc.integer({ min: 1, max: 500_000 }), (anchor, after, seconds) => {
      const due = dueOnGrid({ anchor, everyMs: seconds * 1000, staggerMs: 5000 }, after);
      return due > after && due >= anchor + seconds * 1000 && due % 1000 === 0;
    }),
  );
});

it('does not let a hundred credentials fall due together', () => {
  const names = Array.from({ length: 100 }, (_, index) => `openai-${index}`);
  const delays = names.map((name) => staggerMs(name, 90 * day));
  const perHour = new Map<number, number>();
  for (const delay of delays)
    perHour.set(Math.floor(delay / 3_600_000), (perHour.get(Math.floor(delay / 3_600_000)) ?? 0) + 1);

  expect(Math.max(...delays)).toBeLessThan(day);
  expect(Math.max(...perHour.values())).toBeLessThan(13); // a uniform spread over 24 hours has 4 on average
  expect(perHour.size).toBeGreaterThan(18);
});

it('gives a name the same share every time, from 0 up to 1', () => {
  fc.assert(
    fc.property(fc.string(), (name) => shareOf(name) === shareOf(name) && shareOf(name) >= 0 && shareOf(name) < 1),
  );
});

it('announces what is overdue for a day, or for its interval where that is shorter', () => {
  expect([noticeMs(90 * day), noticeMs(3000)]).toEqual([day, 3000]);
});
