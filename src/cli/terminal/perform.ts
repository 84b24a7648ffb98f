import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { jsonOf } from './json.js';
import { forStream } from './layout.js';
import { type Paint, paintFor } from './paint.js';
import { UnusableCommandLine } from './usage-error.js';

/** What every command is given. */
export interface Cli {
  /** The configuration file. */
  readonly config: string;
  readonly json: boolean;
  readonly verbose: boolean;
  /** Who acts, for the ledger: the name from `--actor`, and beside it the operating system user. */
  readonly actor: string;
  /** Every word of the command line; none may hold a value. */
  readonly words: readonly string[];
  /** Where people read: standard output, or standard error with `--json`. */
  readonly stream: NodeJS.WriteStream;
  /** Colors for `stream`. */
  readonly paint: Paint;
  readonly say: (...lines: readonly string[]) => void;
  /** The one JSON document of a command, with `--json`; for people the text. Only the first one counts. */
  readonly answer: (document: unknown, text: readonly string[]) => void;
}

interface GlobalOptions {
  readonly config: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly actor?: string;
}

/** The end of a command's help. */
export function examples(...lines: readonly string[]): string {
  return ['', lines.length > 1 ? 'Examples:' : 'Example:', ...lines.map((line) => `  ${line}`), ''].join('\n');
}

/** Runs the action of a command, reports its failure, and ends the process. */
export async function perform(command: Command, action: (cli: Cli) => Promise<ExitCode | void>): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const given = [...Object.values<unknown>({ ...options }), ...command.args];
  const words = given.filter((word) => typeof word === 'string');
  const cli = cliOf(options, words);
  let code: ExitCode;
  try {
    code = (await action(cli)) ?? exitCodes.done;
  } catch (error) {
    if (error instanceof UnusableCommandLine) throw error;
    const { tellFailure } = await import('./failure.js');
    code = tellFailure(cli, error);
  }
  endProcess(code);
}

/** For several items with a document each: gathers the documents for one answer, and shows the texts as they come. */
export function gathering(cli: Cli): { readonly each: Cli; readonly documents: readonly unknown[] } {
  const documents: unknown[] = [];
  return { each: { ...cli, answer: (document, text) => void (documents.push(document), cli.say(...text)) }, documents };
}

/** Ends the process when all output is written. Open connections do not hold it up. */
function endProcess(code: ExitCode): void {
  process.exitCode = code;
  process.stderr.write('', () => process.stdout.write('', () => process.exit()));
}

function cliOf({ config, json = false, verbose = false, actor }: GlobalOptions, words: readonly string[]): Cli {
  const stream = json ? process.stderr : process.stdout;
  const say: Cli['say'] = (...lines) => void stream.write(lines.map((line) => `${forStream(line, stream)}\n`).join(''));
  let answered = false;
  function document(content: unknown): void {
    if (!answered) process.stdout.write(`${jsonOf(content)}\n`);
    answered = true;
  }
  return {
    ...{ config, json, verbose, stream, say, words, actor: actorOf(actor) },
    paint: paintFor(stream),
    answer: (content, text) => (json ? document(content) : say(...text)),
  };
}

/** `--actor` is only a claim, so the operating system user stands beside it. */
function actorOf(given: string | undefined): string {
  const user = operatingSystemUser();
  return given === undefined || given === user ? user : `${given} (${user} on this system)`;
}

function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`; // in a container a user may have a number and no name
  }
}
