import type { Command } from 'commander';
import type { ProcedureDescriptor } from '../../domain/procedure.js';
import type { VersionRef } from '../../domain/version.js';
import type { Session } from '../../operations/session/session.js';
import type { Sources } from '../../store/records.js';
import { facts } from '../terminal/layout.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { watched } from '../terminal/silence.js';
import type { ValueSource } from '../terminal/value-input.js';
import { withSession } from '../terminal/with-session.js';

interface Options extends ValueSource {
  readonly soleUser?: boolean;
}

export function defineAdopt(program: Command): void {
  program
    .command('adopt <credential>')
    .summary('take in the value that the engine uses now')
    .description(
      'Takes the value in force into the store, sealed. First it checks that the provider accepts the value and knows it, and that DocuElevate shows its beginning and length. Changes nothing outside. Asks for the value at a hidden prompt; it is never an argument.',
    )
    .option('--stdin', 'read it from standard input; a value of several parts as a JSON object')
    .option('--env-file <file>', 'read it from a file of NAME=value lines, with --variable')
    .option('--variable <name>', 'the variable of --env-file that holds it')
    .option(
      '--sole-user',
      'only the engine uses this value: the first rotation does not ask before it retires it (in a terminal, Keyturn asks for this)',
    )
    .option('--no-sole-user', 'something else uses it too, or may use it: the first rotation asks before it retires it')
    .addHelpText(
      'after',
      examples(
        'keyturn adopt openai',
        'keyturn adopt openai --env-file /srv/docs/.env --variable OPENAI_API_KEY --sole-user',
      ),
    )
    .action((credential: string, options: Options, command: Command) =>
      perform(command, (cli) => withSession(cli, (session) => runAdopt(cli, session, { credential, ...options }))),
    );
}

async function runAdopt(
  cli: Cli,
  session: Session,
  { credential, soleUser: given, ...source }: Options & { readonly credential: string },
): Promise<void> {
  const { knownCredential } = await import('../../operations/session/reach.js');
  const { adopt, partsToGive } = await import('../../operations/setup/adopt.js');
  const { readValue } = await import('../terminal/value-input.js');
  const descriptor = knownCredential(session.config, credential);
  const parts = await readValue(cli, source, { credential, partNames: partsToGive(descriptor) });
  const soleUser = given ?? (await askSoleUser(cli, descriptor));
  const before = await session.store.versions(credential);
  const version = await watched(cli, (watcher) =>
    adopt(session, { credential, parts, soleUser, actor: cli.actor }, watcher),
  );
  await tell(cli, session, { version, isNew: !before.some(({ number }) => number === version.number) });
}

const engineNames = { docuelevate: 'DocuElevate', 'document-engine': 'Document Engine' } as const;

/** Only a person can know. Without a terminal, or when that person is not sure, the first rotation asks. */
async function askSoleUser(
  { stream }: Cli,
  { engine, section }: Pick<ProcedureDescriptor, 'engine' | 'section'>,
): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const { select } = await import('@inquirer/prompts');
  const what = /password/i.test(section) ? 'password' : 'key';
  const message = `Does anything besides ${engineNames[engine]} use this ${what}?`;
  const choices = [
    { name: 'No, nothing else', value: true },
    { name: 'Yes, or I am not sure: the first rotation asks before it retires it', value: false },
  ] as const;
  return select({ message, choices }, { output: stream });
}

async function tell(
  { paint, answer }: Cli,
  { store }: Session,
  { version, isNew }: { version: VersionRef; isNew: boolean },
): Promise<void> {
  const { credential, number, fingerprint, providerId, soleUser, sources } = await store.read(version);
  const what = isNew
    ? `is adopted: its value is version ${number}`
    : `was adopted already: this value is version ${number}`;
  const document = { credential, version: number, isNew, fingerprint, providerId, soleUser, sources };
  answer(document, [
    `${paint.good('✔')} ${paint.bold(credential)} ${what}`,
    '',
    ...facts([
      [paint.dim('Fingerprint'), fingerprint?.slice(0, 16)],
      [paint.dim('Provider id'), providerId],
      [
        paint.dim('Used by'),
        soleUser
          ? 'only the engine, as you stated'
          : 'the engine, and perhaps others: the first rotation asks before it retires it',
      ],
      [paint.dim('Set in'), placesOf(sources)],
      [paint.dim('Next'), `keyturn plan ${credential}`],
    ]),
  ]);
}

/** Undefined when no setting is known to hold the value. */
function placesOf(sources: Sources): string | undefined {
  const from = (place: 'db' | 'env') => Object.keys(sources).filter((key) => sources[key] === place);
  const [database, environment] = [from('db'), from('env')];
  const places = [
    ...(database.length > 0 ? [`the engine's database (${database.join(', ')})`] : []),
    ...(environment.length > 0
      ? [`its environment (${environment.join(', ')}): a restart may bring it back, see keyturn check`]
      : []),
  ];
  return places.length > 0 ? places.join('; ') : undefined;
}
