import type { Command } from 'commander';
import type { DemoReport } from '../../lab/demo.js';
import type { DrillReport } from '../../lab/drill.js';
import type { Duration } from '../../domain/duration.js';
import { duration } from '../terminal/arguments.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import { facts } from '../terminal/layout.js';
import { interruptible } from '../terminal/interruptible.js';
import { type Cli, examples, perform } from '../terminal/perform.js';

interface PlayOptions extends Options {
  readonly interruption: AbortSignal;
}

interface Options {
  readonly procedure: string;
  readonly grace: Duration;
  readonly emergency?: true;
}

export function defineDemo(program: Command): void {
  program
    .command('demo')
    .summary('watch a rotation on simulated systems')
    .description(
      'Starts simulated systems, a Temporal server and a worker on this machine. Rotates a credential that is used every 100 ms meanwhile, and shows what was proved. Touches nothing else, needs no configuration, and leaves nothing behind.',
    )
    .option('--procedure <id>', 'which procedure to play', 'openai-api-key')
    .option('--grace <duration>', 'how long the old value stays usable', duration, '2 seconds')
    .option('--emergency', 'instead: a value leaks, an attacker uses it every 100 ms, and an emergency revokes it')
    .addHelpText('after', examples('keyturn demo', 'keyturn demo --json', 'keyturn demo --emergency'))
    .action((options: Options, command: Command) =>
      perform(command, (cli) =>
        interruptible(cli, (interruption) => (options.emergency ? drill : demo)(cli, { ...options, interruption })),
      ),
    );
}

async function demo(cli: Cli, { procedure, grace, interruption }: PlayOptions): Promise<ExitCode> {
  const { runDemo } = await import('../../lab/demo.js');
  const { viewFor } = await import('../rotate/rotation-view.js');
  const view = viewFor(cli);
  const report = await runDemo({
    procedure,
    ...{ grace, interruption },
    onLine: (line) => cli.say(cli.paint.dim(line)),
    onProgress: (progress) => view.show({ progress }),
    onEnd: () => view.end(),
  });
  cli.answer(report, reportText(cli, report));
  return holds(report) ? exitCodes.done : exitCodes.failed;
}

async function drill(cli: Cli, { procedure, interruption }: PlayOptions): Promise<ExitCode> {
  const { runDrill } = await import('../../lab/drill.js');
  const { emergencyView } = await import('../emergency/emergency-view.js');
  const view = emergencyView(cli);
  const report = await runDrill({
    ...{ procedure, interruption },
    onLine: (line) => cli.say(cli.paint.dim(line)),
    onChange: view.show,
    onEnd: async () => view.end(),
  });
  cli.answer(report, drillText(cli, report));
  return drillHolds(report) ? exitCodes.done : exitCodes.failed;
}

/** The leaked value was proved refused, and the attacker was refused after that. The engine has a new value, and no secret was found. */
function drillHolds(report: DrillReport): boolean {
  const { contained, provedRefused, attackerSuccessesAfter, replaced, secretsFoundInTemporal } = report;
  return contained && provedRefused && attackerSuccessesAfter === 0 && replaced && secretsFoundInTemporal === 0;
}

function drillText({ paint: { good, bad, bold, dim } }: Cli, report: DrillReport): string[] {
  const { provedRefused, secondsToRefused, attacker, attackerSuccessesAfter, replaced, outcome } = report;
  return [
    '',
    `${drillHolds(report) ? good('✔') : bad('✖')} ${bold(`The emergency ended as: ${outcome}`)}`,
    '',
    ...facts([
      [dim('Revoked'), provedRefused ? `proved refused ${secondsToRefused} s after the command` : 'not proved'],
      [
        dim('Attacker'),
        `${attacker.attempts} uses, ${attacker.successes} accepted, ${attackerSuccessesAfter} after that proof`,
      ],
      [dim('Rotated'), replaced ? 'a new value is in force, and a test document went through with it' : 'no'],
      [dim("Secrets in Temporal's database and all logs"), String(report.secretsFoundInTemporal)],
      [dim('Time'), `${report.seconds.toFixed(1)} seconds`],
    ]),
    '',
    'Try next:',
    '  npx keyturn emergency --help    the same for your own credentials',
    '  npx keyturn identify            identify a leaked value',
  ];
}

function usesText({ probes, failed, failedInGap }: DemoReport['consumer']): string {
  const inGap = failedInGap > 0 ? `, and ${failedInGap} between the writes of one value` : '';
  return `${probes}, of which ${failed} failed${inGap}`;
}

/** The old value is retired, no use of the engine failed, and no secret was found in Temporal's database or the logs. */
function holds({ outcome, consumer, secretsFoundInTemporal }: DemoReport): boolean {
  return outcome === 'retired' && consumer.failed === 0 && secretsFoundInTemporal === 0;
}

function reportText({ paint: { good, bad, bold, dim } }: Cli, report: DemoReport): string[] {
  const { outcome, consumer, oldCredential, secretsFoundInTemporal, seconds, steps } = report;
  const proved = (kind: string): string => steps.findLast(({ title }) => title.includes(kind))?.outcome ?? 'not asked';
  const sign = holds(report) ? good('✔') : bad('✖');
  return [
    '',
    `${sign} ${bold(`The rotation ended as: ${outcome}`)}`,
    '',
    ...facts([
      [dim('New value accepted'), proved('accept')],
      [dim('Test document processed'), proved('test document')],
      [dim('Old value'), oldCredential ?? 'there was none'],
      [dim('Uses of the engine meanwhile'), usesText(consumer)],
      [dim("Secrets in Temporal's database and all logs"), String(secretsFoundInTemporal)],
      [dim('Time'), `${seconds.toFixed(1)} seconds`],
    ]),
    '',
    'Try next:',
    '  npx keyturn demo --grace 20s             the same with a longer grace',
    '  npx keyturn lab                          try every command yourself, on simulated systems',
    '  npx keyturn init                         write a configuration for your own engine',
    '  npx keyturn --help                       all commands',
  ];
}
