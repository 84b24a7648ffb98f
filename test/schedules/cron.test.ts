import { cronOf, nextSlot, whyNoCron } from '../../src/schedules/cron.js';

/** The next slots after a moment, as that time zone's clock shows them. */
function slots(text: string, timezone: string, after: string, count = 1): string[] {
  const found: string[] = [];
  for (let at = Date.parse(after); found.length < count;) {
    at = nextSlot(cronOf(text, timezone), at) ?? Number.NaN;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

it('finds the moments that an expression names', () => {
  expect(slots('0 9 1 */3 *', 'UTC', '2026-11-22T00:00Z', 2)).toEqual(['2027-01-01T09:00', '2027-04-01T09:00']);
  expect(slots('15,45 8-9 * * 1-5', 'UTC', '2026-11-20T09:30Z', 3)).toEqual([
    '2026-11-20T09:45',
    '2026-11-23T08:15',
    '2026-11-23T08:45',
  ]);
  expect(slots('0 0 29 2 *', 'UTC', '2026-01-01T00:00Z')).toEqual(['2028-02-29T00:00']);
  expect(slots('30 6 * * 7', 'UTC', '2026-11-22T07:00Z')).toEqual(['2026-11-29T06:30']);
});

it('keeps to the clock of its time zone through both changes', () => {
  expect(slots('0 9 * * *', 'Europe/Berlin', '2026-03-28T00:00Z', 2)).toEqual(['2026-03-28T08:00', '2026-03-29T07:00']);
  expect(slots('0 9 * * *', 'Europe/Berlin', '2026-10-24T00:00Z', 2)).toEqual(['2026-10-24T07:00', '2026-10-25T08:00']);
});

it('does not come on the day that leaves its hour out, and comes once on the day that repeats it', () => {
  expect(slots('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z')).toEqual(['2026-03-30T00:30']);
  expect(slots('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', 2)).toEqual([
    '2026-10-25T00:30',
    '2026-10-26T01:30',
  ]);
  expect(slots('*/30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', 3)).toEqual([
    '2026-10-25T00:00',
    '2026-10-25T00:30',
    '2026-10-26T01:00',
  ]);
});

it.each([
  ['every day', 'five fields'],
  ['0 9 * *', 'five fields'],
  ['60 9 * * *', 'minute'],
  ['0 9-8 * * *', '9-8'],
  ['0 9 0 * *', 'Invalid value for day'],
  ['0 9 * janu *', 'janu'],
  ['0 9 * * 8', 'dayOfWeek'],
  ['*/0 9 * * *', 'stepping: 0'],
  ['0 9 1 * 1', 'not both'],
  ['0 9 31 2 *', 'no date matches'],
])('says what is wrong with %j', (text, complaint) => {
  expect(whyNoCron(text)).toContain(complaint);
});

it('takes what is right', () => {
  expect(['0 9 1 */3 *', '*/5 * * * *', '0 0-23/2 * * 1,3'].map(whyNoCron)).toEqual([null, null, null]);
});
