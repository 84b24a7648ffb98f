import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { variablesIn } from '../../../activities/delivery/env-text.js';
import { UsageError } from '../../operations/session/refusals.js';
import type { Cli } from './perform.js';

/** Where a value comes from; without any of these, from a prompt. */
export interface ValueSource {
  readonly stdin?: true;
  readonly envFile?: string;
  readonly variable?: string;
}

export interface ValueParts {
  readonly credential: string;
  /** Names of the parts that make up the value. */
  readonly partNames: readonly string[];
  /** What the hidden prompt asks for. Default: the value that the engine uses now. */
  readonly message?: string;
}

/**
 * Reads a value by its parts, never from the command line, where other users of the machine could see it.
 * @throws UsageError that quotes nothing of what was read
 */
export async function readValue(
  cli: Pick<Cli, 'stream'>,
  source: ValueSource,
  expected: ValueParts,
): Promise<Record<string, string>> {
  const parts = await read(cli, source, expected);
  for (const [part, value] of Object.entries(parts)) {
    if (value === '')
      throw refused(`The ${part} of ${expected.credential} is empty`, 'Give the value as the provider shows it.');
  }
  return parts;
}

async function read(
  cli: Pick<Cli, 'stream'>,
  { stdin, envFile, variable }: ValueSource,
  expected: ValueParts,
): Promise<Record<string, string>> {
  if (stdin && envFile !== undefined) throw refused('--stdin and --env-file cannot be combined', 'Give one of them.');
  if ((envFile === undefined) !== (variable === undefined))
    throw refused('--env-file and --variable belong together', 'Give both, or neither.');
  if (stdin) return parse(plain(await text(process.stdin)).replace(/\r?\n$/, ''), expected);
  if (envFile !== undefined && variable !== undefined) return parse(await fromEnvFile(envFile, variable), expected);
  if (!process.stdin.isTTY)
    throw refused(
      'There is no terminal to ask for the value',
      'Give it with --stdin, or with --env-file and --variable.',
    );
  return ask(cli, expected);
}

/** UTF-16 text that is decoded as UTF-8 has a zero byte beside each letter. */
function plain(given: string): string {
  if (!given.includes('\0')) return given;
  throw refused(
    'The input is UTF-16, or not text',
    'Give it as UTF-8: in Windows PowerShell, set $OutputEncoding to [Text.UTF8Encoding]::new() first.',
  );
}

function parse(given: string, { credential, partNames }: ValueParts): Record<string, string> {
  const [only, ...others] = partNames;
  if (only !== undefined && others.length === 0) return { [only]: given };
  const parts = objectOf(given);
  const fits = parts !== null && Object.keys(parts).sort().join() === [...partNames].sort().join();
  if (fits) return parts;
  throw refused(
    `The value of ${credential} has several parts`,
    `Give a JSON object of text with exactly these keys: ${partNames.join(', ')}.`,
  );
}

/** Null unless it is a JSON object whose values are all text. */
function objectOf(given: string): Record<string, string> | null {
  try {
    const parts: unknown = JSON.parse(given);
    if (typeof parts !== 'object' || parts === null) return null;
    const entries = Object.entries(parts).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return entries.length === Object.keys(parts).length ? Object.fromEntries(entries) : null;
  } catch {
    return null;
  }
}

async function fromEnvFile(file: string, variable: string): Promise<string> {
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw refused(`${file} cannot be read (${error.code ?? error.name})`, 'Check the path, and that you may read it.');
  });
  const value = variablesIn(plain(content))[variable];
  if (value === undefined) throw refused(`${file} does not set ${variable}`, 'Check the name of the variable.');
  return value;
}

async function ask(
  { stream }: Pick<Cli, 'stream'>,
  { credential, partNames, message: asked }: ValueParts,
): Promise<Record<string, string>> {
  const { password } = await import('@inquirer/prompts');
  const parts: Record<string, string> = {};
  for (const part of partNames) {
    const what =
      asked ??
      (partNames.length === 1 ? `Value of ${credential} that the engine uses now:` : `${part} of ${credential}:`);
    parts[part] = await password({ message: what, mask: '•' }, { output: stream });
  }
  return parts;
}

function refused(what: string, next: string): UsageError {
  return new UsageError(what, { state: 'Nothing was stored and nothing was changed.', next });
}
