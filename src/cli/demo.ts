import type { Command } from 'commander';
import type { DemoReport } from '../lab/demo.js';
import { durationOf } from './duration-argument.js';
import { examples } from './examples.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { facts } from './layout.js';
import { type Cli, perform } from './perform.js';

interface Options {
  readonly procedure: string;
  readonly grace: string;
}

export function defineDemo(program: Command): void {
  program
    .command('demo')
    .summary('watch a rotation on simulated systems')
    .description(
      'Starts simulated systems, a Temporal server and a worker on this machine, rotates a credential while somebody uses it every 100 ms, and says what was proved. Touches nothing else, needs no configuration, and leaves nothing behind.',
    )
    .option('--procedure <id>', 'which procedure to play', 'openai-api-key')
    .option('--grace <duration>', 'how long the old value stays usable', '2 seconds')
    .addHelpText('after', examples('keyturn demo', 'keyturn demo --json'))
    .action((options: Options, command: Command) => perform(command, (cli) => demo(cli, options)));
}

async function demo(cli: Cli, { procedure, grace }: Options): Promise<ExitCode> {
  const { runDemo } = await import('../lab/demo.js');
  const { viewFor } = await import('./rotation-view.js');
  const view = viewFor(cli);
  const report = await runDemo({
    procedure,
    grace: durationOf(grace),
    onLine: (line) => cli.say(cli.paint.dim(line)),
    onProgress: (progress) => view.show({ progress }),
    onEnd: () => view.end(),
  });
  cli.answer(report, reportText(cli, report));
  return holds(report) ? exitCodes.done : exitCodes.failed;
}

/** What a demo promises: the old value ended, nobody noticed, and nothing secret was left lying about. */
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
      [dim('New value accepted'), proved('accepts')],
      [dim('Test document processed'), proved('test document')],
      [dim('Old value'), oldCredential ?? 'there was none'],
      [dim('Uses of the engine meanwhile'), `${consumer.probes}, of which ${consumer.failed} failed`],
      [dim("Secrets in Temporal's database and all logs"), String(secretsFoundInTemporal)],
      [dim('Time'), `${seconds.toFixed(1)} seconds`],
    ]),
    '',
    'Try next:',
    '  npx keyturn demo --grace "20 seconds"    see the old value wait for its end',
    '  npx keyturn init                         write a configuration for your own engine',
    '  npx keyturn --help                       everything else',
  ];
}
