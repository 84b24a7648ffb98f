import type { Command } from 'commander';
import type { RevealRequest } from '../../operations/records/reveal.js';
import { UsageError } from '../../operations/session/refusals.js';
import { count } from '../terminal/arguments.js';
import { printable } from '../terminal/layout.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { reasonOption, withReason } from '../terminal/reason.js';
import { withSession } from '../terminal/with-session.js';

interface Options {
  readonly reason?: string;
  readonly version?: number;
}

export function defineReveal(program: Command): void {
  program
    .command('reveal <credential>')
    .summary('show a value in this terminal')
    .description(
      'Shows the value in force, or another version, in this terminal: for a person who needs it, or to put a value back by hand. Never writes it to a file, a pipe or JSON. The ledger records who asked, when and why.',
    )
    .addOption(reasonOption('why; the ledger keeps it'))
    .option('--version <n>', 'this version (default: the current one)', count)
    .addHelpText('after', examples('keyturn reveal dashboard --reason "Maria signs in by hand"'))
    .action((credential: string, options: Options, command: Command) =>
      perform(command, (cli) => {
        if (cli.json || !process.stdout.isTTY) throw onlyInTerminal();
        return withReason({ cli, command, given: options.reason }, (asked, reason) =>
          show(asked, { credential, version: options.version, reason, actor: cli.actor }),
        );
      }),
    );
}

export function onlyInTerminal(): UsageError {
  return new UsageError('A value is shown only in a terminal', {
    state: 'Nothing was shown.',
    next: 'Run it in a terminal, without --json. A program gets values by delivery: see `deliver` in the configuration.',
  });
}

async function show(cli: Cli, request: RevealRequest): Promise<void> {
  const { reveal } = await import('../../operations/records/reveal.js');
  const { version, parts } = await withSession(cli, (session) => reveal(session, request));
  const { bold, dim } = cli.paint;
  cli.say(bold(`Version ${version.number} of ${request.credential}, ${version.state}`));
  for (const [part, value] of Object.entries(parts)) {
    cli.say('', dim(part));
    cli.stream.write(`${printable(value.replace(/\n$/, ''))}\n`); // unbroken, so that it can be copied
  }
  cli.say('', dim('The ledger records that it was shown. Clear the screen when you are done.'));
}
