import { readFile } from 'node:fs/promises';
import { type EngineAccess, engineUrl } from '../../operations/setup/read-engine.js';
import { UsageError } from '../../operations/session/refusals.js';
import type { Cli } from '../terminal/perform.js';

/** The options of `keyturn init`; missing ones are asked for. */
export interface EngineQuestions {
  readonly url?: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly tokenFile?: string;
  readonly yes?: true;
}

/** @throws UsageError when something is missing and there is no terminal to ask in, or when the options are for different engines */
export async function askForEngine(cli: Cli, options: EngineQuestions): Promise<EngineAccess> {
  const { url, username, passwordFile, tokenFile } = options;
  refuseUnclear(options);
  const kind = tokenFile !== undefined ? 'document-engine' : await kindOf(cli, options);
  const address = engineUrl(url ?? (await ask(cli, 'Its address:', whyNoUrl)));
  if (kind === 'document-engine')
    return { kind, url: address, apiToken: await secret(cli, 'Its API token:', tokenFile) };
  return {
    ...{ kind, url: address, username: username ?? (await ask(cli, 'Administrator:')) },
    password: await secret(cli, 'Password:', passwordFile),
  };
}

function refuseUnclear(options: EngineQuestions): void {
  const { username, passwordFile, tokenFile, yes } = options;
  if (tokenFile !== undefined && (username ?? passwordFile) !== undefined)
    throw refused('--token-file is for a Document Engine, --username and --password-file for DocuElevate', 'Give one.');
  if (missingFrom(options).length > 0 && (yes || !process.stdin.isTTY)) throw missing(options);
}

async function kindOf({ stream }: Cli, { username, passwordFile }: EngineQuestions): Promise<EngineAccess['kind']> {
  if (username !== undefined || passwordFile !== undefined) return 'docuelevate';
  const { select } = await import('@inquirer/prompts');
  const choices = [
    { name: 'DocuElevate', value: 'docuelevate' },
    { name: 'Nutrient Document Engine', value: 'document-engine' },
  ] as const;
  return select({ message: 'Which engine uses the credentials?', choices }, { output: stream });
}

async function ask({ stream }: Cli, message: string, validate?: (text: string) => true | string): Promise<string> {
  const { input } = await import('@inquirer/prompts');
  return input({ message, required: true, ...(validate && { validate }) }, { output: stream });
}

async function secret({ stream }: Cli, message: string, file: string | undefined): Promise<string> {
  if (file !== undefined) return readSecret(file);
  const { password } = await import('@inquirer/prompts');
  return password({ message, mask: '•' }, { output: stream });
}

function whyNoUrl(text: string): true | string {
  try {
    engineUrl(text);
    return true;
  } catch (error) {
    return error instanceof Error ? error.message : 'not an address';
  }
}

async function readSecret(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw refused(`${file} cannot be read (${error.code ?? error.name})`, 'Check the path, and that you may read it.');
  });
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw refused(`${file} is empty`, 'Put the secret into it, as one line.');
  return password;
}

function missingFrom({ url, username, passwordFile, tokenFile }: EngineQuestions): string[] {
  const needed = tokenFile === undefined ? { url, username, 'password-file': passwordFile } : { url };
  return Object.entries(needed).flatMap(([flag, value]) => (value === undefined ? [`--${flag}`] : []));
}

function missing(options: EngineQuestions): UsageError {
  return refused(
    `There is no terminal to ask in, and options are missing: ${missingFrom(options).join(', ')}`,
    'Give them, or run keyturn init in a terminal.',
  );
}

function refused(what: string, next: string): UsageError {
  return new UsageError(what, { state: 'Nothing was written.', next });
}
