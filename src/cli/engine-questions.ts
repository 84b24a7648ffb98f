import { readFile } from 'node:fs/promises';
import { type EngineAccess, engineUrl } from '../operations/init.js';
import { UsageError } from '../operations/refusals.js';
import type { Cli } from './perform.js';

/** The options of `keyturn init`; what is missing is asked for. */
export interface EngineQuestions {
  readonly url?: string;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly yes?: true;
}

/** @throws UsageError when something is missing and nobody can be asked */
export async function askForEngine({ stream }: Cli, options: EngineQuestions): Promise<EngineAccess> {
  const { url, username, passwordFile, yes } = options;
  if (url !== undefined && username !== undefined && passwordFile !== undefined)
    return { url: engineUrl(url), username, password: await readPassword(passwordFile) };
  if (yes || !process.stdin.isTTY) throw missing(options);

  const { input, password, select } = await import('@inquirer/prompts');
  const context = { output: stream };
  if (url === undefined)
    await select(
      { message: 'Which engine uses the credentials?', choices: [{ name: 'DocuElevate', value: 'docuelevate' }] },
      context,
    );
  const address = url ?? (await input({ message: 'Its address:', validate: whyNoUrl }, context));
  return {
    url: engineUrl(address),
    username: username ?? (await input({ message: 'Administrator:', required: true }, context)),
    password:
      passwordFile === undefined
        ? await password({ message: 'Password:', mask: '•' }, context)
        : await readPassword(passwordFile),
  };
}

function whyNoUrl(text: string): true | string {
  try {
    engineUrl(text);
    return true;
  } catch (error) {
    return error instanceof Error ? error.message : 'not an address';
  }
}

async function readPassword(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw refused(`${file} cannot be read (${error.code ?? error.name})`, 'Check the path, and that you may read it.');
  });
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw refused(`${file} is empty`, 'Put the password into it, as one line.');
  return password;
}

function missing({ url, username, passwordFile }: EngineQuestions): UsageError {
  const flags = [
    url === undefined && '--url',
    username === undefined && '--username',
    passwordFile === undefined && '--password-file',
  ];
  return refused(
    `Nobody can be asked here, and this is missing: ${flags.filter(Boolean).join(', ')}`,
    'Give it as an option, or run keyturn init in a terminal.',
  );
}

function refused(what: string, next: string): UsageError {
  return new UsageError(what, { state: 'Nothing was written.', next });
}
