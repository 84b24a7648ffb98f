import { columns, facts } from '../../src/cli/layout.js';
import { roughly } from '../../src/cli/time.js';

it('aligns columns by what is seen, not by the codes of colors', () => {
  expect(
    columns([
      ['\x1b[1mab\x1b[22m', 'x'],
      ['abcd', 'y'],
    ]),
  ).toEqual(['\x1b[1mab\x1b[22m    x', 'abcd  y']);
});

it('keeps the lines of a text beside its label, and leaves out labels without a text', () => {
  expect(
    facts([
      ['State', 'one\ntwo'],
      ['Why', null],
      ['Next', 'three'],
    ]),
  ).toEqual(['  State  one', '         two', '  Next   three']);
});

it.each([
  [300, '0.3 s'],
  [-5, '0.0 s'],
  [12_000, '12 s'],
  [125_000, '2 min 5 s'],
  [86_399_000, '23 h 59 min'],
  [3 * 86_400_000, '3 d'],
])('rounds %d ms to %s', (ms, text) => {
  expect(roughly(ms)).toBe(text);
});
