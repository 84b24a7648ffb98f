import { kindOf } from '../../src/simulation/kind-of.js';

/** As much of a report of the crash matrix or of chaos as the table shows. */
export interface Tally {
  readonly cases: number;
  readonly failed: number;
  readonly lostSecrets: number;
  readonly wrongDeletions: number;
  readonly falseProofs: number;
  /** Only where time was simulated. */
  readonly schedules?: number;
}

export interface Played extends Tally {
  readonly byProcedure: Readonly<Record<string, Tally>>;
}

export interface Figures {
  /** The whole crash matrix in simulated time. */
  readonly matrix: Played;
  /** Several faults a case, in simulated time. */
  readonly chaos: Played;
  /** A sample of the matrix on real processes. */
  readonly real: Played;
}

/** As much as the table shows of how soon it shows that a rule is missing. */
export interface Missing {
  readonly rule: string;
  /** Counted from 1; null when it did not show. */
  readonly cases: number | null;
  readonly problems: readonly string[];
}

const none: Tally = { cases: 0, failed: 0, lostSecrets: 0, wrongDeletions: 0, falseProofs: 0, schedules: 0 };
const head = [
  ...['procedure', 'cases of its matrix, simulated', 'cases of chaos', 'different schedules of both'],
  ...['cases on real processes', 'failed', 'secrets lost', 'wrong deletions', 'false proofs'],
];

/** Lines of Markdown: a row for each procedure, and one for all. */
export function tableOf(figures: Figures): string[] {
  const { matrix, chaos, real } = figures;
  const ids = [...new Set([matrix, chaos, real].flatMap(({ byProcedure }) => Object.keys(byProcedure)))];
  const rows = ids.map((id) => {
    const [ofMatrix, ofChaos, ofReal] = [matrix, chaos, real].map(({ byProcedure }) => byProcedure[id] ?? none);
    return rowOf(`\`${id}\``, { matrix: ofMatrix ?? none, chaos: ofChaos ?? none, real: ofReal ?? none });
  });
  return [line(head), line(head.map(() => '---')), ...rows, rowOf('all', figures)];
}

/** Lines of Markdown: a row for each safety rule that was taken out. `most`: how many cases were played at most. */
export function sensitivityOf(found: readonly Missing[], most: number): string[] {
  const rows = found.map(({ rule, cases, problems: [problem = ''] }) => [
    rule,
    cases === null ? `not within ${most.toLocaleString('en')}` : cases.toLocaleString('en'),
    kindOf(problem).replace(/ \(.*/, '').replaceAll('|', '/'), // without what one case has to say about it
  ]);
  return [['taken out', 'shows in case', 'for instance as'], ['---', '---', '---'], ...rows].map(line);
}

function rowOf(name: string, { matrix, chaos, real }: Readonly<Record<keyof Figures, Tally>>): string {
  const sum = (of: (tally: Tally) => number): number => of(matrix) + of(chaos) + of(real);
  const counts = [
    ...[matrix.cases, chaos.cases, (matrix.schedules ?? 0) + (chaos.schedules ?? 0), real.cases],
    ...[sum(({ failed }) => failed), sum(({ lostSecrets }) => lostSecrets)],
    ...[sum(({ wrongDeletions }) => wrongDeletions), sum(({ falseProofs }) => falseProofs)],
  ];
  return line([name, ...counts.map((count) => count.toLocaleString('en'))]);
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
