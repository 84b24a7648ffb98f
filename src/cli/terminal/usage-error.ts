import { type Command, CommanderError } from 'commander';
import { exitCodes } from './exit-codes.js';
import { jsonOf } from './json.js';
import { facts, forStream } from './layout.js';
import { paintFor } from './paint.js';

/** An invalid command line, and the command it was for. */
export class UnusableCommandLine extends Error {
  readonly command: Command;

  constructor(command: Command, cause: CommanderError) {
    super(cause.message, { cause });
    this.command = command;
  }
}

/** Makes every command throw on an invalid command line, instead of ending the process. */
export function refuseByThrowing(command: Command): void {
  command.exitOverride((error) => {
    throw new UnusableCommandLine(command, error);
  });
  for (const each of command.commands) refuseByThrowing(each);
}

/** Reports an invalid command line. Help and version are thrown too, with nothing left to report. */
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
  process.stdout.write(`${jsonOf({ error: told })}\n`);
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

const asCommands = /^[a-z][a-z-]{0,19}$/; // what may be a mistyped command, and not a key
const aWord = /^[\w.:+-]{0,16}$/; // what may be a mistyped number, duration or choice

/** Never repeats a value: it may be a key that was pasted in the wrong place. */
function withoutValues(code: string, message: string): string {
  const kept = "; it is not shown, but if it was a secret, it is in your shell's history now";
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
