import { findTemporalBinary } from '../temporal/binary.js';
import { counted } from '../domain/counted.js';
import { UsageError } from '../operations/session/refusals.js';
import { type Defer, withCleanup } from '../lab/with-cleanup.js';
import { type Boundary, type CrashCase, casesOf, flows } from './cases.js';
import { choose, type Choice } from './choose.js';
import type { Player, StartPlayers } from './player.js';
import { recordBoundaries } from './record.js';
import { runCase, type CaseVerdict } from './run-case.js';
import { fixtures, variants } from './fixtures/index.js';
import { startFragileTemporal } from './temporal.js';
import type { Job } from './sandbox.js';
import { WorkerPool } from './worker.js';

export interface CrashTestOptions extends Choice {
  /** How many cases run at once, each with its own Temporal server. */
  readonly jobs: number;
  /** Who plays. Default: players with Temporal servers and worker processes. */
  readonly players?: StartPlayers;
  /** No case starts once this much time has passed. */
  readonly budgetMs?: number;
  /** Ends the run early. Nothing is left behind then either. */
  readonly interruption?: AbortSignal;
  readonly onLine: (line: string) => void;
  readonly onVerdict: (verdict: CaseVerdict, position: { readonly done: number; readonly of: number }) => void;
}

export interface Tally {
  readonly cases: number;
  readonly passed: number;
  readonly failed: number;
  readonly lostSecrets: number;
  readonly wrongDeletions: number;
  readonly falseProofs: number;
  readonly consumerFailures: number;
  readonly unlistedOrphans: number;
  /**
   * Over all kills, how long an engine held halves of two values: half of the times were at most `p50`, 19 of 20 at
   * most `p95`.
   */
  readonly gapMs?: { readonly p50: number; readonly p95: number; readonly longest: number };
}

export interface CrashTestReport extends Tally {
  readonly byProcedure: Readonly<Record<string, Tally>>;
  /** How many cases of each procedure were left out, by a sample or because the budget was used up. */
  readonly notRun: Readonly<Record<string, number>>;
  /** Cases that failed, with their problems. */
  readonly failures: readonly Pick<CaseVerdict, 'id' | 'procedure' | 'problems'>[];
}

/** Plays the crash matrix. Connects to loopback only, and leaves nothing behind. Throws when no case fits. */
export async function crashTest(options: CrashTestOptions): Promise<CrashTestReport> {
  const { jobs, players = playersOnTemporal, budgetMs = Number.POSITIVE_INFINITY, onLine, onVerdict } = options;
  const [begun, ids] = [Date.now(), idsOf(options)];
  return withCleanup(async (defer) => {
    const playing = await players(jobs, onLine, defer);
    const all = await everyCase(playing, ids);
    const chosen = choose(all, options);
    if (chosen.length === 0) throw nothingChosen();
    onLine(`${chosen.length} of ${counted(all.length, 'case')}, ${jobs} at a time`);
    const queue = [...chosen];
    const verdicts: CaseVerdict[] = [];
    async function work(player: Player): Promise<void> {
      for (let next = take(); next; next = take()) {
        const verdict = await player.play(next);
        verdicts.push(verdict);
        onVerdict(verdict, { done: verdicts.length, of: chosen.length });
      }
    }
    const take = (): CrashCase | undefined => (Date.now() - begun < budgetMs ? queue.shift() : undefined);
    await Promise.all(playing.map(work));
    return tellAll(verdicts, all);
  }, options.interruption);
}

const playersOnTemporal: StartPlayers = async (count, onLine, defer) => {
  const jobs = await startJobs(count, onLine, defer);
  return jobs.map((job) => ({
    async boundaries(procedure) {
      const boundaries: Boundary[] = [];
      for (const flow of flows) boundaries.push(...(await recordBoundaries(job, procedure, flow)));
      return boundaries;
    },
    play: (crash) => playCase(job, crash),
  }));
};

/**
 * A case whose fault did not happen (on a busy machine, for instance) is played once more. A case that showed something
 * never is.
 */
async function playCase(job: Job, crash: CrashCase): Promise<CaseVerdict> {
  const verdict = await runCase(job, crash);
  return verdict.missed ? runCase(job, crash) : verdict;
}

/** Starts servers and worker processes that live through many cases. */
export async function startJobs(count: number, onLine: (line: string) => void, defer: Defer): Promise<Job[]> {
  const binary = await findTemporalBinary({ report: onLine });
  return Promise.all(
    Array.from({ length: count }, async () => {
      const temporal = await startFragileTemporal(binary);
      defer(() => temporal.stop());
      const workers = new WorkerPool();
      defer(() => workers.stop());
      return { temporal, workers };
    }),
  );
}

/** Every case of procedures, in their order. */
async function everyCase(players: readonly Player[], ids: readonly string[]): Promise<CrashCase[]> {
  const found = new Map<string, CrashCase[]>();
  const queue = [...ids];
  async function record(player: Player): Promise<void> {
    for (let id = queue.shift(); id !== undefined; id = queue.shift())
      found.set(id, casesOf(id, await player.boundaries(id)));
  }
  const failed = (await Promise.allSettled(players.map(record))).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason; // only when none of them uses its server any more
  return ids.flatMap((id) => found.get(id) ?? []);
}

/** The chosen procedures and variants, those of `first` before the others. */
function idsOf({ procedure, first = [], variants: too = false }: Choice): string[] {
  const every = [...Object.keys(fixtures), ...(too ? Object.keys(variants) : [])];
  const ids = procedure === undefined ? every : [procedure];
  for (const id of [...ids, ...first]) requireKnown(id);
  return ids.sort((a, b) => Number(first.includes(b)) - Number(first.includes(a)));
}

function requireKnown(id: string): void {
  if (id in fixtures || id in variants) return;
  throw new UsageError(`There is no procedure "${id}"`, {
    state: 'Nothing was played.',
    next: `Choose one of: ${Object.keys(fixtures).join(', ')}, or a variant of one: ${Object.keys(variants).join(', ')}`,
  });
}

function tellAll(verdicts: readonly CaseVerdict[], all: readonly CrashCase[]): CrashTestReport {
  const ids = [...new Set(all.map(({ procedure }) => procedure))];
  const of = (id: string) => verdicts.filter(({ procedure }) => procedure === id);
  const left = ids.map((id) => [id, all.filter(({ procedure }) => procedure === id).length - of(id).length] as const);
  return {
    ...tally(verdicts),
    byProcedure: Object.fromEntries(ids.map((id) => [id, tally(of(id))])),
    notRun: Object.fromEntries(left.filter(([, count]) => count > 0)),
    failures: verdicts
      .filter(({ problems }) => problems.length > 0)
      .map(({ id, procedure: of, problems }) => ({ id, procedure: of, problems })),
  };
}

function tally(verdicts: readonly CaseVerdict[]): Tally {
  const failed = verdicts.filter(({ problems }) => problems.length > 0).length;
  const sum = (of: (verdict: CaseVerdict) => number): number =>
    verdicts.reduce((total, verdict) => total + of(verdict), 0);
  return {
    cases: verdicts.length,
    passed: verdicts.length - failed,
    failed,
    lostSecrets: sum((verdict) => verdict.lostSecrets),
    wrongDeletions: sum((verdict) => verdict.wrongDeletions),
    falseProofs: sum((verdict) => verdict.falseProofs),
    consumerFailures: sum((verdict) => verdict.consumerFailures),
    unlistedOrphans: sum((verdict) => verdict.unlistedOrphans),
    ...gapsOf(verdicts),
  };
}

function gapsOf(verdicts: readonly CaseVerdict[]): Pick<Tally, 'gapMs'> {
  const lengths = verdicts.flatMap(({ gapsMs }) => gapsMs).sort((a, b) => a - b);
  const at = (share: number): number => lengths[Math.min(lengths.length - 1, Math.floor(lengths.length * share))] ?? 0;
  return lengths.length === 0 ? {} : { gapMs: { p50: at(0.5), p95: at(0.95), longest: at(1) } };
}

function nothingChosen(): UsageError {
  return new UsageError('No case fits what was asked for', {
    state: 'Nothing was played.',
    next: 'Leave out --case and --fault to see what there is.',
  });
}
