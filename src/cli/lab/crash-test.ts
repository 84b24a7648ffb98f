import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { CaseVerdict } from '../../crash-test/run-case.js';
import type { Choice } from '../../crash-test/choose.js';
import type { CrashTestOptions, CrashTestReport } from '../../crash-test/crash-test.js';
import type { SimulatedReport } from '../../simulation/schedules.js';
import { counted } from '../../domain/counted.js';
import { type Duration, durationMs } from '../../domain/duration.js';
import { UsageError } from '../../operations/session/refusals.js';
import { count, duration } from '../terminal/arguments.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import { interruptible } from '../terminal/interruptible.js';
import { printable } from '../terminal/layout.js';
import { type Cli, examples, perform } from '../terminal/perform.js';

interface PlayOptions extends Options {
  readonly interruption: AbortSignal;
}

interface Options {
  readonly procedure?: string;
  readonly fault?: string;
  readonly case?: string;
  readonly sample?: number;
  readonly seed?: string;
  readonly jobs: number;
  readonly budget?: Duration;
  readonly first?: string;
  readonly variants?: boolean;
  readonly simulated?: boolean;
  readonly replay?: boolean;
}

export function defineCrashTest(program: Command): void {
  program
    .command('crash-test')
    .summary('show that nothing is lost, whatever is killed and when')
    .description(
      'Rotates credentials of simulated systems again and again. In each case, one thing goes wrong at one moment: the worker is killed or frozen, Temporal is killed, an answer is lost, a person interferes. Afterwards the simulated systems show whether anything was lost. Needs no configuration and leaves nothing behind.',
    )
    .option(
      '--procedure <id>',
      'only this procedure, or one of its variants, for instance document-engine-jwt:keeps-strict',
    )
    .option('--fault <name>', 'only faults whose name begins with this, such as kill or kill-write')
    .option('--case <ids>', 'only cases whose id contains this, or one of these, separated by commas')
    .option('--variants', "also on simulated systems that behave differently where a vendor's documentation is silent")
    .option('--sample <n>', 'at most this many cases of each procedure, and of all its variants together', count)
    .option(
      '--seed <text>',
      'selects the cases of a sample, and their order (default: a random seed, which is printed)',
    )
    .option('--jobs <n>', 'how many cases run at once', count, 2)
    .option('--budget <duration>', 'start no case after this long, for instance 25m', duration)
    .option('--simulated', 'in simulated time, with a simulated Temporal: about a hundred cases a minute on each core')
    .option('--replay', 'with --simulated: play each case twice, and fail when the two runs differ')
    .option('--first <ids>', 'procedures to play first and in full, separated by commas')
    .addHelpText(
      'after',
      examples(
        'keyturn crash-test --procedure openai-api-key',
        'keyturn crash-test --variants --sample 20 --seed today',
      ),
    )
    .action((options: Options, command: Command) =>
      perform(command, (cli) =>
        interruptible(cli, (interruption) => runCrashTest(cli, { ...seeded(cli, options), interruption })),
      ),
    );
}

/** Each run samples other cases; the printed seed repeats a sample. */
function seeded(cli: Cli, options: Options): Options {
  if (options.seed !== undefined || (options.sample === undefined && !options.simulated)) return options;
  const seed = randomBytes(4).toString('hex');
  process.stderr.write(`${cli.paint.dim(`Seed ${seed}; the same again with --seed ${seed}`)}\n`);
  return { ...options, seed };
}

async function runCrashTest(cli: Cli, options: PlayOptions): Promise<ExitCode> {
  const { simulated, replay } = options;
  if (replay && !simulated) throw replayNeedsSimulated();
  const report = simulated ? await crashTestSimulated(cli, options) : await play(cli, options, {});
  cli.answer({ ...report, seed: options.seed ?? null }, reportText(report, options));
  return report.failed === 0 ? exitCodes.done : exitCodes.failed;
}

async function crashTestSimulated(cli: Cli, options: PlayOptions): Promise<SimulatedReport> {
  const { simulatedPlayers } = await import('../../simulation/players.js');
  const { createScheduleCount } = await import('../../simulation/schedules.js');
  const [schedules, { seed = 'a', replay = false }] = [createScheduleCount(), options];
  const players = simulatedPlayers({ seed, replay, onVerdict: (verdict) => schedules.add(verdict) });
  return schedules.tell(await play(cli, options, { players }));
}

async function play(cli: Cli, options: PlayOptions, who: Pick<CrashTestOptions, 'players'>): Promise<CrashTestReport> {
  const { crashTest } = await import('../../crash-test/crash-test.js');
  const log = (line: string): void => void process.stderr.write(`${printable(line)}\n`);
  const onVerdict: CrashTestOptions['onVerdict'] = (verdict, { done, of }) =>
    log(verdictLines(cli, verdict, { position: `${done}/${of}`, options }).join('\n'));
  return crashTest({
    ...choiceOf(options),
    ...who,
    jobs: options.jobs,
    interruption: options.interruption,
    onLine: log,
    onVerdict,
  });
}

function choiceOf(options: Options): Choice & Pick<CrashTestOptions, 'budgetMs'> {
  const { procedure, fault, seed, budget, sample, first } = options;
  return {
    ...(procedure !== undefined && { procedure }),
    ...(fault !== undefined && { fault }),
    ...(options.case !== undefined && { only: listOf(options.case) }),
    ...(sample !== undefined && { sample }),
    ...(seed !== undefined && { seed }),
    ...(options.variants && { variants: true }),
    ...(budget !== undefined && { budgetMs: durationMs(budget) }),
    ...(first !== undefined && { first: listOf(first) }),
  };
}

function replayNeedsSimulated(): UsageError {
  return new UsageError('--replay is for simulated time only', {
    state: 'Nothing was played.',
    next: 'Add --simulated, or leave out --replay.',
  });
}

function listOf(text: string): string[] {
  return text.split(',').filter(Boolean);
}

function verdictLines(
  { paint: { good, bad, dim } }: Cli,
  verdict: CaseVerdict,
  { position, options }: { readonly position: string; readonly options: Options },
): string[] {
  const { id, problems, outcome, seconds, outageMs } = verdict;
  const outage = outageMs > 0 ? `, ${outageMs} ms without a working value` : '';
  const line = `${dim(position)} ${id} ${dim(`${outcome}, ${seconds.toFixed(1)} s${outage}`)}`;
  if (problems.length === 0) return [`${good('✔')} ${line}`];
  return [`${bad('✖')} ${line}`, ...problemLines(verdict, options)];
}

function problemLines({ id, procedure, problems }: CrashTestReport['failures'][number], options: Options): string[] {
  const simulated = options.simulated ? ` --simulated --seed ${options.seed ?? 'a'}` : '';
  const again = `again: keyturn crash-test --procedure ${procedure} --case ${id}${simulated}`;
  return [...problems, again].map((line) => `    ${line}`);
}

/** How long the engine held parts of two values, when one value takes several writes. */
function gapText(procedure: string, { gapMs }: CrashTestReport['byProcedure'][string]): string[] {
  if (!gapMs) return [];
  const { p50, p95, longest } = gapMs;
  return [`${procedure}: between the writes of one value ${p50} ms (p50), ${p95} ms (p95), ${longest} ms at most`];
}

function schedulesText(report: CrashTestReport | SimulatedReport, jobs: number): string[] {
  if (!('schedules' in report)) return [];
  const { cases, schedules, seconds } = report;
  const perMinute = Math.round((cases / Math.max(1, seconds)) * 60);
  return [
    `${counted(schedules, 'different schedule')} in ${counted(cases, 'case')}, ${perMinute} a minute with ${counted(jobs, 'process', 'processes')}`,
  ];
}

function reportText(report: CrashTestReport | SimulatedReport, options: Options): string[] {
  const { byProcedure, passed, failed, notRun, failures } = report;
  return [
    ...Object.entries(byProcedure).map(
      ([id, tally]) =>
        `${id}: ${counted(tally.cases, 'case')}, ${tally.failed} failed, ${counted(tally.lostSecrets, 'secret')} lost, ` +
        `${counted(tally.wrongDeletions, 'wrong deletion')}, ${counted(tally.falseProofs, 'false proof')}, ` +
        `${counted(tally.consumerFailures, 'failed use')}, ${counted(tally.unlistedOrphans, 'orphan')} unlisted`,
    ),
    ...Object.entries(byProcedure).flatMap(([id, tally]) => gapText(id, tally)),
    ...Object.entries(notRun).map(([id, count]) => `not run: ${counted(count, 'case')} of ${id}`),
    ...schedulesText(report, options.jobs),
    ...failures.flatMap((failure) => [`✖ ${failure.procedure} ${failure.id}`, ...problemLines(failure, options)]),
    `${passed} passed, ${failed} failed`,
  ];
}
