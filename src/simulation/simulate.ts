import { withCleanup } from '../lab/with-cleanup.js';
import { companies } from '../crash-test/fixtures/companies.js';
import { fixtures } from '../crash-test/fixtures/index.js';
import type { ChaosVerdict } from './chaos.js';
import { calm, type Profile } from './plans.js';
import { type Simulator, startSimulators } from './pool.js';
import { kindOf } from './kind-of.js';
import type { ChaosQuestion } from './questions.js';
import { noPlaces } from './trouble.js';

export interface SimulateOptions {
  readonly cases: number;
  /** Number of the first seed, to continue an earlier run. */
  readonly from: number;
  /** Prefix of every seed. */
  readonly seed: string;
  readonly procedures?: readonly string[];
  readonly profile: Profile;
  readonly jobs: number;
  /** No case starts once this much time has passed. */
  readonly budgetMs?: number;
  /** Whether to make a failing plan smaller before it is reported. */
  readonly shrink: boolean;
  /** Whether to keep a line for everything that happens. */
  readonly lines: boolean;
  readonly onVerdict: (verdict: ChaosVerdict) => void;
}

export interface ChaosTally {
  readonly cases: number;
  readonly passed: number;
  readonly failed: number;
  readonly lostSecrets: number;
  readonly wrongDeletions: number;
  readonly falseProofs: number;
  /** How often an engine was left without a working value. */
  readonly consumerFailures: number;
  readonly unlistedOrphans: number;
  /** Cases in which something happened, in an order of events that no other case had. */
  readonly schedules: number;
}

export interface ChaosReport extends ChaosTally {
  readonly seconds: number;
  readonly byProcedure: Readonly<Record<string, ChaosTally>>;
  /** Procedures and seeds by kind of problem. */
  readonly problems: Readonly<Record<string, readonly string[]>>;
  /** Number to continue with (`--from`). */
  readonly next: number;
}

/** Plays `cases` seeds, of every procedure and of one company in turn, each with several troubles. */
export async function simulate(options: SimulateOptions): Promise<ChaosReport> {
  const { cases, from, seed, jobs, profile, procedures, onVerdict } = options;
  const begun = Date.now();
  const until = begun + (options.budgetMs ?? Number.POSITIVE_INFINITY);
  return withCleanup(async (defer) => {
    const verdicts: ChaosVerdict[] = [];
    let next = from;
    const { shrink, lines } = options;
    async function work(simulator: Simulator): Promise<void> {
      while (next < from + cases && Date.now() < until) {
        const number = next++;
        const procedure = procedures?.[number % procedures.length] ?? turnOf(number);
        const asked = { procedure, seed: `${seed}-${number}`, profile, shrink, lines };
        const verdict = await simulator.ask('chaos', asked).catch((error: unknown) => unplayed(asked, error));
        verdicts.push(verdict);
        onVerdict(verdict);
      }
    }
    await Promise.all(startSimulators(defer, jobs).map(work));
    return tell(verdicts, { seconds: (Date.now() - begun) / 1000, next });
  });
}

/** A case that could not be played to its end counts as failed, and the run goes on. */
function unplayed({ procedure, seed }: ChaosQuestion, error: unknown): ChaosVerdict {
  const nothing = { lostSecrets: 0, wrongDeletions: 0, falseProofs: 0, unlistedOrphans: 0, outages: 0 };
  return {
    ...{ ...nothing, procedure, seed, plan: calm, outcome: 'not played', struck: [], places: noPlaces },
    ...{ events: 0, virtualMs: 0, hash: '', order: '', problems: [`it was not played: ${String(error)}`] },
  };
}

/** A company takes longer than a procedure, so the companies share one turn. */
export function turnOf(number: number): string {
  const alone = Object.keys(fixtures);
  const turns = alone.length + 1;
  const company = companies[Math.floor(number / turns) % companies.length] ?? '';
  return alone[number % turns] ?? company;
}

function tell(verdicts: readonly ChaosVerdict[], rest: Pick<ChaosReport, 'seconds' | 'next'>): ChaosReport {
  const procedures = [...new Set(verdicts.map(({ procedure }) => procedure))].sort();
  const of = (procedure: string) => tally(verdicts.filter((each) => each.procedure === procedure));
  const problems: Record<string, string[]> = {};
  for (const { procedure, seed, problems: found } of verdicts)
    for (const kind of new Set(found.map(kindOf))) (problems[kind] ??= []).push(`${procedure} ${seed}`);
  return {
    ...tally(verdicts),
    ...rest,
    byProcedure: Object.fromEntries(procedures.map((id) => [id, of(id)])),
    problems,
  };
}

function tally(verdicts: readonly ChaosVerdict[]): ChaosTally {
  const failed = verdicts.filter(({ problems }) => problems.length > 0).length;
  const sum = (of: (verdict: ChaosVerdict) => number): number =>
    verdicts.reduce((total, verdict) => total + of(verdict), 0);
  const struck = verdicts.filter((each) => each.struck.length > 0);
  return {
    ...{ cases: verdicts.length, passed: verdicts.length - failed, failed },
    lostSecrets: sum((verdict) => verdict.lostSecrets),
    wrongDeletions: sum((verdict) => verdict.wrongDeletions),
    falseProofs: sum((verdict) => verdict.falseProofs),
    consumerFailures: sum((verdict) => verdict.outages),
    unlistedOrphans: sum((verdict) => verdict.unlistedOrphans),
    schedules: new Set(struck.map(({ procedure, order }) => `${procedure} ${order}`)).size,
  };
}
