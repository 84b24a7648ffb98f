import { type Command, CommanderError } from 'commander';
import { exitCodes } from './exit-codes.js';
import { facts, forStream } from './layout.js';
import { paintFor } from './paint.js';

/** A command line that cannot be meant, and the command it was meant for. */
export class UnusableCommandLine extends Error {
  readonly command: Command;

  constructor(command: Command, cause: CommanderError) {
    super(cause.message, { cause });
    this.command = command;
  }
}

/** Lets every command say itself, instead of ending the process, that its command line cannot be used. */
export function refuseByThrowing(command: Command): void {
  command.exitOverride((error) => {
    throw new UnusableCommandLine(command, error);
  });
  for (const each of command.commands) refuseByThrowing(each);
}

/** Help and version come as errors too, with nothing left to do; a command line that cannot be meant changes nothing. */
export function tellUsage(error: unknown, json: boolean): void {
  if (!(error instanceof UnusableCommandLine) || !(error.cause instanceof CommanderError)) throw error;
  const { command, cause } = error;
  process.exitCode = cause.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (cause.exitCode === 0 || cause.code === 'commander.help') return;
  const what = withoutValues(cause.code, cause.message.replace(/^error: /, '').replace('\n', ' '));
  const usage = command.createHelp().commandUsage(command);
  const next = `See what it takes: ${nameOf(command)} --help`;
  const { bad, bold, dim } = paintFor(process.stderr);
  const rows = facts([
    [dim('Usage'), usage],
    [dim('State'), 'Nothing was changed.'],
    [dim('Next'), next],
  ]);
  const lines = [`${bad('✖')} ${bold(what)}`, '', ...rows];
  process.stderr.write(lines.map((line) => `${forStream(line, process.stderr)}\n`).join(''));
  if (!json) return;
  const told = { what, usage, state: 'Nothing was changed.', next, exitCode: exitCodes.usage };
  process.stdout.write(`${JSON.stringify({ error: told }, null, 2)}\n`);
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

const asCommands = /^[a-z][a-z-]{0,19}$/; // what may be meant for one, and not a key
const aWord = /^[\w.:+-]{0,16}$/; // what may be meant for a number, a duration or a choice

/** Whoever pastes a key where none belongs does not get to see it again. */
function withoutValues(code: string, message: string): string {
  const kept = "; it is not shown, and is in your shell's history now if it was a secret";
  if (code === 'commander.excessArguments') return message.replace(/: [^]*$/, kept);
  const [, given = ''] = /^unknown command '([^']*)'/.exec(message) ?? [];
  if (code === 'commander.unknownCommand' && !asCommands.test(given)) return `there is no such command${kept}`;
  if (code === 'commander.invalidArgument') return withoutLongValue(message);
  return code === 'commander.unknownOption' ? message.replace(/=[^']*'/, "'") : message;
}

function withoutLongValue(message: string): string {
  return message.replace(/ (argument|value) '([^]*?)' is invalid/, (whole, what: string, given: string) =>
    aWord.test(given.replaceAll(' ', '')) ? whole : ` ${what} is invalid`,
  );
}
