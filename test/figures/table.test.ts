import { sensitivityOf, tableOf, type Tally } from './table.js';

const tally = (cases: number, failed: number, schedules?: number): Tally => ({
  ...{ cases, failed, lostSecrets: failed, wrongDeletions: 0, falseProofs: 0 },
  ...(schedules !== undefined && { schedules }),
});

it('has a row for each procedure that was played anywhere, and one that adds them up', () => {
  const lines = tableOf({
    matrix: { ...tally(1500, 1, 1200), byProcedure: { a: tally(1500, 1, 1200) } },
    chaos: { ...tally(70, 0, 60), byProcedure: { a: tally(40, 0, 35), b: tally(30, 0, 25) } },
    real: { ...tally(6, 0), byProcedure: { b: tally(6, 0) } },
  });

  expect(lines.slice(2)).toEqual([
    '| `a` | 1,500 | 40 | 1,235 | 0 | 1 | 1 | 0 | 0 |',
    '| `b` | 0 | 30 | 25 | 6 | 0 | 0 | 0 | 0 |',
    '| all | 1,500 | 70 | 1,260 | 6 | 1 | 1 | 0 | 0 |',
  ]);
});

it('has a row for each rule that was taken out, also where that did not show', () => {
  const lines = sensitivityOf(
    [
      {
        rule: 'the fence',
        cases: 1204,
        problems: ['version 2: "accepted" was proved and was not so (GET 200)', 'more'],
      },
      { rule: 'fresh proof', cases: null, problems: [] },
    ],
    2_000,
  );

  expect(lines.slice(2)).toEqual([
    '| the fence | 1,204 | version N: "…" was proved and was not so |',
    '| fresh proof | not within 2,000 |  |',
  ]);
});
