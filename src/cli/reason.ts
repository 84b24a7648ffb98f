import { type Command, Option } from 'commander';
import { said } from './arguments.js';
import type { Cli } from './perform.js';

/** `--reason`, which a person in a terminal is asked for where it is left out: see `withReason`. */
export function reasonOption(what = 'why; it goes into the ledger, so never write a secret here'): Option {
  return new Option('--reason <text>', `${what} (asked for in a terminal)`).argParser(said);
}

/** Gives `work` the reason, and a `cli` that counts it among the words that must hold no value. Where nobody can be asked it is an error of usage. */
export async function withReason<T>(
  { cli, command, given }: { readonly cli: Cli; readonly command: Command; readonly given: string | undefined },
  work: (cli: Cli, reason: string) => Promise<T>,
): Promise<T> {
  if (given !== undefined) return work(cli, given);
  if (!process.stdin.isTTY) command.error("error: required option '--reason <text>' not specified");
  const { input } = await import('@inquirer/prompts');
  const validate = (text: string): true | string => text.trim() !== '' || 'Say why: the ledger keeps it.';
  const typed = await input({ message: 'Why? The ledger keeps it; no secret:', validate }, { output: cli.stream });
  const reason = typed.trim();
  return work({ ...cli, words: [...cli.words, reason] }, reason);
}
