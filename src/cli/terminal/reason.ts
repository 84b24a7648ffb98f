import { type Command, Option } from 'commander';
import { ledgerText } from './arguments.js';
import type { Cli } from './perform.js';

/** The option `--reason`; when it is left out, `withReason` asks for it in a terminal. */
export function reasonOption(what = 'why; it goes into the ledger, so never write a secret here'): Option {
  return new Option('--reason <text>', `${what} (asked for in a terminal)`).argParser(ledgerText);
}

/** Calls `action` with the reason, and with a `cli` whose `words` include it. Without a terminal, a missing reason is a usage error. */
export async function withReason<T>(
  { cli, command, given }: { readonly cli: Cli; readonly command: Command; readonly given: string | undefined },
  action: (cli: Cli, reason: string) => Promise<T>,
): Promise<T> {
  if (given !== undefined) return action(cli, given);
  if (!process.stdin.isTTY) command.error("error: required option '--reason <text>' not specified");
  const { input } = await import('@inquirer/prompts');
  const validate = (text: string): true | string => text.trim() !== '' || 'Say why: the ledger keeps it.';
  const typed = await input({ message: 'Why? (For the ledger; no secrets.)', validate }, { output: cli.stream });
  const reason = typed.trim();
  return action({ ...cli, words: [...cli.words, reason] }, reason);
}
