import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Initiated, Installation } from '../../operations/setup/init.js';
import { facts } from '../terminal/layout.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import type { EngineQuestions } from './engine-questions.js';

export function defineInit(program: Command): void {
  program
    .command('init')
    .summary('write a configuration for the engine you have')
    .description(
      'Signs in to the engine and reads which credentials it has, with their plain settings, such as hosts and buckets. Then writes the configuration, the key ring and the store. Changes nothing in the engine and overwrites nothing here.',
    )
    .option('--url <address>', "the engine's address, as a browser uses it")
    .option('--username <name>', 'an administrator there')
    .option('--password-file <file>', "a file with the administrator's password")
    .option('--token-file <file>', 'for a Document Engine, instead of these two: a file with its API token')
    .option('--yes', 'ask nothing: everything is given by options')
    .addHelpText(
      'after',
      examples(
        'keyturn init',
        'keyturn init --yes --url https://docs.example.com --username keyturn --password-file /run/secrets/docs-admin',
        'keyturn init --yes --url https://viewer.example.com --token-file /run/secrets/viewer-token',
      ),
    )
    .action((options: EngineQuestions, command: Command) =>
      perform(command, (cli) => (existsSync(cli.config) ? complete(cli) : begin(cli, options))),
    );
}

async function begin(cli: Cli, options: EngineQuestions): Promise<void> {
  const { askForEngine } = await import('./engine-questions.js');
  const { writeInstallation } = await import('../../operations/setup/init.js');
  const { readEngine } = await import('../../operations/setup/read-engine.js');
  const access = await askForEngine(cli, options);
  const reading = await readEngine(access);
  const { credentials } = reading;
  const { good, bold } = cli.paint;
  const as = access.kind === 'docuelevate' ? `as ${access.username}, an administrator` : 'with its API token';
  cli.say(`${good('✔')} Signed in to ${bold(access.url)} ${as}`);
  const set = credentials.filter(({ configured }) => configured).length;
  cli.say(`${good('✔')} ${set} of its ${credentials.length} credentials are set`);
  const initiated = await writeInstallation(cli.config, access, reading);
  cli.answer({ configuration: resolve(cli.config), ...initiated, next: 'keyturn check' }, [
    ...told(cli, initiated),
    ...toDo(cli, initiated),
  ]);
}

async function complete(cli: Cli): Promise<void> {
  const { completeInstallation } = await import('../../operations/setup/init.js');
  const installation = await completeInstallation(cli.config);
  const { attention, dim } = cli.paint;
  cli.answer({ configuration: resolve(cli.config), ...installation, next: 'keyturn check' }, [
    `${attention('•')} ${cli.config} already exists and was not changed`,
    ...parts(cli, installation),
    '',
    ...facts([[dim('Next'), 'keyturn check']]),
  ]);
}

function told(cli: Cli, initiated: Initiated): string[] {
  const { credentials, withoutProcedure } = initiated;
  const can =
    credentials.length === 0 ? 'no credential that can be rotated yet' : `can rotate: ${credentials.join(', ')}`;
  const cannot =
    withoutProcedure.length === 0 ? '' : `; ${withoutProcedure.length} more without a procedure, as comments`;
  return [
    ...parts(cli, initiated),
    `${cli.paint.good('✔')} Configuration  ${cli.config} ${cli.paint.dim(`(${can}${cannot})`)}`,
  ];
}

function parts({ paint: { good, attention, dim } }: Cli, { keyRing, store, made }: Installation): string[] {
  const state = (path: string): string => dim(made.includes(path) ? '(new)' : '(existing)');
  return [
    ...(keyRing === null
      ? []
      : [
          `${good('✔')} Key ring       ${keyRing} ${state(keyRing)}`,
          `  ${attention('Back it up apart from the store. Without it no stored value can be read; anyone who has both can read them all.')}`,
        ]),
    `${good('✔')} Store          ${store} ${state(store)}`,
  ];
}

function toDo({ config, paint: { bold, dim } }: Cli, { fillIn, secretFiles, credentials }: Initiated): string[] {
  const places = fillIn.map(({ line, path }) => [`${config}:${line}`, path]);
  const files = secretFiles.map((file) => [
    relative('', resolve(dirname(config), file)),
    'put the secret into this file, readable by you alone',
  ]);
  const rows = facts([...places, ...files].map(([place = '', what]) => [place, what]));
  const adopt = credentials[0] === undefined ? '' : `, then keyturn adopt ${credentials[0]}`;
  return [
    ...(rows.length === 0 ? [] : ['', bold('To fill in:'), ...rows]),
    '',
    ...facts([[dim('Next'), `keyturn check${adopt}`]]),
  ];
}
