import fc from 'fast-check';
import { durationMs, readDuration } from '../../src/domain/duration.js';

it.each([
  ['10s', '10 seconds'],
  ['1s', '1 second'],
  ['5m', '5 minutes'],
  ['5 min', '5 minutes'],
  ['24h', '24 hours'],
  ['1.5h', '1.5 hours'],
  ['90d', '90 days'],
  ['2w', '2 weeks'],
  ['24 hours', '24 hours'],
])('reads %s as %s', (text, meant) => {
  expect(readDuration(text)).toBe(meant);
});

it.each(['24', 'h', '-1h', '1h30m', '24x', '5 m s', '1.h', 'hours', '1 H'])('takes %s for no duration', (text) => {
  expect(readDuration(text)).toBeNull();
});

it('reads a short spelling as exactly as long as the long one', () => {
  const units = { s: 'seconds', m: 'minutes', min: 'minutes', h: 'hours', d: 'days', w: 'weeks' } as const;
  const unit = fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[]));

  fc.assert(
    fc.property(fc.nat(10_000), unit, fc.constantFrom('', ' '), (amount, short, space) => {
      expect(durationMs(readDuration(`${amount}${space}${short}`) ?? '')).toBe(durationMs(`${amount} ${units[short]}`));
    }),
  );
});
