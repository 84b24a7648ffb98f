import type { Command } from 'commander';
import type { Lab } from '../../lab/lab.js';
import type { Duration } from '../../domain/duration.js';
import { Interrupted } from '../../operations/session/refusals.js';
import { duration } from '../terminal/arguments.js';
import { interruptible } from '../terminal/interruptible.js';
import { facts } from '../terminal/layout.js';
import { type Cli, examples, perform } from '../terminal/perform.js';

interface Options {
  readonly procedure: string;
  readonly grace: Duration;
}

export function defineLab(program: Command): void {
  program
    .command('lab')
    .summary('simulated systems that stay up, to try every command on')
    .description(
      'Starts simulated systems on this machine, writes a configuration for them, and shows what to run next in other terminals: init, check, adopt, plan, up, rotate, emergency. Touches nothing else. Ctrl-C ends everything, including a keyturn up on it, and leaves nothing behind.',
    )
    .option('--procedure <id>', 'which procedure to try', 'openai-api-key')
    .option('--grace <duration>', 'how long an old value stays usable, in its configuration', duration, '10 seconds')
    .addHelpText('after', examples('keyturn lab', 'keyturn lab --procedure document-engine-jwt'))
    .action((options: Options, command: Command) => perform(command, (cli) => lab(cli, options)));
}

async function lab(cli: Cli, options: Options): Promise<void> {
  const { runLab } = await import('../../lab/lab.js');
  const onReady = (ready: Lab): void => {
    const next = nextCommands(ready);
    cli.answer({ ...ready, next: next.map(([line]) => line) }, readyText(cli, ready, next));
  };
  try {
    await interruptible(cli, (interruption) => runLab({ ...options, onReady, interruption }));
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
  }
  cli.say('The lab has ended and left nothing behind.');
}

type NextCommand = readonly [line: string, what: string];

function nextCommands({ credential, configuration, valueInForce }: Lab): NextCommand[] {
  return [
    [`export KEYTURN_CONFIG=${configuration}`, 'in each terminal'],
    ['npx keyturn init', 'makes the key ring and the store'],
    ['npx keyturn check', 'is everything in place?'],
    [`npx keyturn adopt ${credential} --stdin --sole-user < ${valueInForce}`, 'takes in the value that is in force'],
    [`npx keyturn plan ${credential}`, 'what a rotation would do'],
    ['npx keyturn up', 'in its own terminal: keeps running'],
    [`npx keyturn rotate ${credential}`, 'does it'],
    [`npx keyturn emergency ${credential} --reason "a drill"`, 'revokes at once, and replaces'],
  ];
}

function readyText({ paint: { bold, dim, good } }: Cli, ready: Lab, next: readonly NextCommand[]): string[] {
  const { procedure, systems, admin, configuration, valueInForce } = ready;
  const who =
    admin.username === null ? `the API token is in ${admin.file}` : `${admin.username}, password in ${admin.file}`;
  return [
    `${good('✔')} ${bold(`Simulated systems for ${procedure} are up`)}`,
    '',
    ...facts([
      ...Object.entries(systems).map(([name, url]) => [dim(name), url] as const),
      [dim('Administrator'), who],
      [dim('Configuration'), configuration],
      [dim('Value in force'), valueInForce],
    ]),
    '',
    bold('Next, in another terminal:'),
    ...facts(next.map(([line, what]) => [dim(what), line])),
    '',
    'Ctrl-C ends the lab and removes its folder.',
  ];
}
