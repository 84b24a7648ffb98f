import type { Command } from 'commander';
import type { ProcedureDescriptor } from '../domain/procedure.js';
import type { VersionRef } from '../domain/version.js';
import type { Session } from '../operations/session.js';
import type { Sources } from '../store/records.js';
import { examples } from './examples.js';
import { facts } from './layout.js';
import { type Cli, perform } from './perform.js';
import { tellSilence } from './silence.js';
import type { ValueSource } from './value-input.js';

interface Options extends ValueSource {
  readonly soleUser?: boolean;
}

export function defineAdopt(program: Command): void {
  program
    .command('adopt <credential>')
    .summary('take in the value that the engine uses now')
    .description(
      'Takes the value that is in force into the store, sealed, after its provider accepted it, it was found there, and DocuElevate shows its beginning and length. Changes nothing outside. The value is asked for without being shown; it is never an argument.',
    )
    .option('--stdin', 'read it from standard input; a value of several parts as a JSON object')
    .option('--env-file <file>', 'read it from a file of NAME=value lines, with --variable')
    .option('--variable <name>', 'the variable of --env-file that holds it')
    .option(
      '--sole-user',
      'nothing but the engine uses this value: the first rotation then does not ask before it retires it (asked for in a terminal)',
    )
    .option('--no-sole-user', 'something else uses it too, or may: the first rotation asks')
    .addHelpText(
      'after',
      examples(
        'keyturn adopt openai',
        'keyturn adopt openai --env-file /srv/docs/.env --variable OPENAI_API_KEY --sole-user',
      ),
    )
    .action((credential: string, options: Options, command: Command) =>
      perform(command, async (cli) => {
        const { withSession } = await import('./with-rotations.js');
        await withSession(cli, (session) => takeIn(cli, session, { credential, ...options }));
      }),
    );
}

async function takeIn(
  cli: Cli,
  session: Session,
  { credential, soleUser: given, ...source }: Options & { readonly credential: string },
): Promise<void> {
  const { knownCredential } = await import('../operations/reach.js');
  const { adopt, partsToGive } = await import('../operations/adopt.js');
  const { readValue } = await import('./value-input.js');
  const descriptor = knownCredential(session.config, credential);
  const parts = await readValue(cli, source, { credential, partNames: partsToGive(descriptor) });
  const soleUser = given ?? (await askSoleUser(cli, descriptor));
  const before = await session.store.versions(credential);
  const { begins, ends } = tellSilence(cli);
  const onStep = (title: string): void => {
    begins(title);
    cli.say(`  ${cli.paint.dim('•')} ${title}`);
  };
  const version = await adopt(session, { credential, parts, soleUser, actor: cli.actor }, onStep).finally(ends);
  await tell(cli, session, { version, isNew: !before.some(({ number }) => number === version.number) });
}

const engineNames = { docuelevate: 'DocuElevate', 'document-engine': 'Document Engine' } as const;

/** Only a person can know. Whoever cannot be asked, or is not sure, is asked by the first rotation. */
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
          ? 'the engine alone, by your word'
          : 'the engine, perhaps others: the first rotation asks before it retires it',
      ],
      [paint.dim('Set in'), placesOf(sources)],
      [paint.dim('Next'), `keyturn plan ${credential}`],
    ]),
  ]);
}

/** Undefined where no setting is known to hold it. */
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
