import { jsonOf } from '../../src/cli/terminal/json.js';
import { asGiven, columns, facts, forStream, printable } from '../../src/cli/terminal/layout.js';
import { roughly } from '../../src/cli/terminal/time.js';

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

it.each([
  ['\u001B]0;title\u0007', '\\u001B]0;title\\u0007'],
  ['\u001B[2Jgone\r', '\\u001B[2Jgone\\u000D'],
  ['\u001B[32mgreen\u001B[39m', '\u001B[32mgreen\u001B[39m'],
  ['\u202Etxt.exe', '\\u202Etxt.exe'],
  ['two\n\tlines', 'two\n\tlines'],
])('shows what others wrote and obeys none of it: %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

it('lets no cell begin a row of its own', () => {
  expect(columns([['reason', 'because\n2026-11-29  proved']])).toEqual(['reason  because\\n2026-11-29  proved']);
});

describe('on a terminal', () => {
  const terminal = { isTTY: true, columns: 40 };

  it.each([
    ['  State  one two three four five six seven', '  State  one two three four five six\n         seven'],
    ['✔ what was done is told in a line too long', '✔ what was done is told in a line too\n  long'],
    ['short', 'short'],
    [
      '\x1b[1mbold words that go on and on and on for long\x1b[22m',
      '\x1b[1mbold words that go on and on and on for\n  long\x1b[22m',
    ],
    [`a ${'x'.repeat(50)} b`, `a ${'x'.repeat(50)}\n  b`],
  ])('breaks %j between words, below its text', (line, shown) => {
    expect(forStream(line, terminal)).toBe(shown);
  });

  it.each([terminal, {}])('obeys nothing that stands in a line, whatever it is written to: %j', (stream) => {
    expect(forStream('a\u001b[2Jb', stream)).toBe('a\\u001B[2Jb');
  });

  it.each([
    ['Next  See: keyturn status openai', 'Next  See: npx keyturn status openai'],
    ['\x1b[1mkeyturn check\x1b[22m, then npx keyturn up', '\x1b[1mnpx keyturn check\x1b[22m, then npx keyturn up'],
    ['/opt/keyturn plan, labels keyturn-1 of Keyturn', '/opt/keyturn plan, labels keyturn-1 of Keyturn'],
  ])('tells commands with npx where npx started it: %j', (line, shown) => {
    expect(asGiven(line, "'keyturn' 'plan'")).toBe(shown);
    expect(asGiven(line, 'keyturn')).toBe(shown);
    expect(asGiven(line, 'jest')).toBe(line);
  });

  it('leaves a line as it is where nobody looks', () => {
    const line = 'word '.repeat(60).trim();

    expect(forStream(line, {})).toBe(line);
    expect(forStream(line, { isTTY: true, columns: 0 })).toBe(line);
  });
});

it('writes moments as ISO 8601 for programs, and nothing else so', () => {
  const at = Date.UTC(2026, 10, 29, 12, 30);
  const document = { at, until: at, overdueSince: at, list: [{ startedAt: at }], brokenAt: 17, tookMs: 5, count: 1e13 };

  expect(JSON.parse(jsonOf(document))).toEqual({
    ...{ at: '2026-11-29T12:30:00.000Z', until: '2026-11-29T12:30:00.000Z', overdueSince: '2026-11-29T12:30:00.000Z' },
    list: [{ startedAt: '2026-11-29T12:30:00.000Z' }],
    ...{ brokenAt: 17, tookMs: 5, count: 1e13 },
  });
});
