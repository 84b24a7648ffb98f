import type { Command } from 'commander';
import { examples } from './examples.js';
import { type Cli, perform } from './perform.js';
import { said } from './said.js';

interface Options {
  readonly reason: string;
  readonly version?: string;
}

export function defineReveal(program: Command): void {
  program
    .command('reveal <credential>')
    .summary('show a value in this terminal')
    .description(
      'Shows the value in force, or another version, to whoever sits at the terminal: for a person who needs it, or to put a value back by hand. Never into a file, a pipe or JSON. The ledger says who asked, when and why.',
    )
    .requiredOption('--reason <text>', 'why; the ledger keeps it', said)
    .option('--version <n>', 'this version (default: the current one)')
    .addHelpText('after', examples('keyturn reveal dashboard --reason "Maria signs in by hand"'))
    .action((credential: string, options: Options, command: Command) =>
      perform(command, (cli) => show(cli, credential, options)),
    );
}

async function show(cli: Cli, credential: string, { reason, version: wanted }: Options): Promise<void> {
  const { UsageError } = await import('../operations/refusals.js');
  if (cli.json || !process.stdout.isTTY)
    throw new UsageError('A value is shown in a terminal only', {
      state: 'Nothing was shown.',
      next: 'Run it in a terminal, without --json. A program gets values by delivery: see `deliver` in the configuration.',
    });
  const { withSession } = await import('./with-rotations.js');
  const { reveal } = await import('../operations/reveal.js');
  const request = { credential, version: wanted === undefined ? undefined : Number(wanted), reason, actor: cli.actor };
  const { version, parts } = await withSession(cli, (session) => reveal(session, request));
  const { bold, dim } = cli.paint;
  cli.say(bold(`Version ${version.number} of ${credential}, ${version.state}`));
  for (const [part, value] of Object.entries(parts)) cli.say('', dim(part), value.replace(/\n$/, ''));
  cli.say('', dim('The ledger says that it was shown. Clear the screen when you are done.'));
}
