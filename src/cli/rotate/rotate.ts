import type { Command } from 'commander';
import type { Beginning, Begun } from '../../operations/rotate/begin.js';
import type { Duration } from '../../domain/duration.js';
import { duration, ledgerText } from '../terminal/arguments.js';
import { type ExitCode, exitCodes, worstOf } from '../terminal/exit-codes.js';
import { facts } from '../terminal/layout.js';
import { type Cli, examples, gathering, perform } from '../terminal/perform.js';
import { type Connection, withTemporal } from '../terminal/with-session.js';

interface Options {
  readonly reason: string;
  readonly grace?: Duration;
  readonly detach?: true;
  readonly resetSchedule?: true;
}

export function defineRotate(program: Command): void {
  program
    .command('rotate <credentials...>')
    .summary('replace a value, prove the new one, retire the old one')
    .description(
      'Makes a new value, puts it into the engine, proves that it is in use, waits for the grace, and retires the old one. Shows each step; Ctrl-C detaches, and the rotation continues. A rotation that is already running is shown instead. Several credentials begin together and are shown one after the other.',
    )
    .option(
      '--reason <text>',
      'why, for the ledger and Temporal; never write a secret here',
      ledgerText,
      'asked for on the command line',
    )
    .option('--grace <duration>', 'how long the old value stays usable, instead of the configured grace', duration)
    .option(
      '--reset-schedule',
      'count the interval of its schedule from this rotation (default: the schedule does not change)',
    )
    .option('--detach', 'start it and do not watch')
    .addHelpText(
      'after',
      examples(
        'keyturn rotate openai --reason "someone left the team"',
        'keyturn rotate openai --grace "2 days"',
        'keyturn rotate openai azure s3',
        'keyturn rotate openai --detach --json',
      ),
    )
    .action((names: string[], options: Options, command: Command) =>
      perform(command, (cli) => rotateNamed(cli, new Set(names), options)),
    );
}

async function rotateNamed(cli: Cli, names: ReadonlySet<string>, options: Options): Promise<ExitCode> {
  const { knownCredential } = await import('../../operations/session/reach.js');
  const requests = [...names].map((credential) => ({ credential, ...options }));
  return withTemporal(
    cli,
    (session, client) => rotateAll(cli, { client, session }, requests),
    ({ config }) => names.forEach((name) => knownCredential(config, name)),
  );
}

interface RotateRequest extends Options {
  readonly credential: string;
}

/** Begins all of them before it shows the first. One that cannot begin does not hold up the others. */
async function rotateAll(cli: Cli, connection: Connection, requests: readonly RotateRequest[]): Promise<ExitCode> {
  const [only, ...more] = requests;
  if (only && more.length === 0) return show(cli, connection, { ...only, begun: await start(cli, connection, only) });
  const { tellFailure } = await import('../terminal/failure.js');
  const { each, documents } = gathering(cli);
  const begun: (() => Promise<ExitCode>)[] = [];
  for (const request of requests) {
    try {
      const asked = { ...request, begun: await start(each, connection, request) };
      begun.push(() => show(each, connection, asked).catch((error: unknown) => tellFailure(each, error)));
    } catch (error) {
      const code = tellFailure(each, error);
      begun.push(async () => code);
    }
  }
  const codes: ExitCode[] = [];
  for (const showOne of begun) if (!codes.includes(exitCodes.interrupted)) codes.push(await showOne());
  cli.answer({ rotations: documents }, []);
  return worstOf(codes);
}

async function start(cli: Cli, { session, client }: Connection, request: RotateRequest): Promise<Begun> {
  const { begin } = await import('../../operations/rotate/begin.js');
  const begun = await begin(session, client, beginning(cli, request));
  cli.say(...beginningText(cli, begun, request));
  return begun;
}

async function show(
  cli: Cli,
  connection: Connection,
  { credential, detach, begun }: RotateRequest & { readonly begun: Begun },
): Promise<ExitCode> {
  if (begun.hasWorker && !detach) return follow(cli, connection, { credential, ...begun });
  const { workflowId, isNew, hasWorker } = begun;
  const next = hasWorker ? `keyturn status ${credential} --follow` : 'keyturn up, or keyturn worker';
  const state = hasWorker ? 'running' : 'waiting for a worker';
  cli.answer({ credential, workflowId, isNew, state }, facts([[cli.paint.dim('Next'), next]]));
  return hasWorker ? exitCodes.done : exitCodes.waiting;
}

async function follow(
  cli: Cli,
  connection: Connection,
  { credential, workflowId, isNew }: Begun & { readonly credential: string },
): Promise<ExitCode> {
  const { watch } = await import('./watch.js');
  const { tellWatched } = await import('./watched-text.js');
  return tellWatched(cli, await watch(cli, connection, credential), { credential, workflowId, isNew });
}

function beginning({ actor }: Cli, { credential, reason, grace, resetSchedule }: RotateRequest): Beginning {
  const request = { actor, trigger: 'manual', reason, ...(resetSchedule && { resetsCadence: resetSchedule }) } as const;
  return grace === undefined ? { credential, request } : { credential, request, grace };
}

function beginningText(
  { paint }: Cli,
  { isNew, hasWorker }: Begun,
  { credential, grace, resetSchedule }: RotateRequest,
): string[] {
  const { good, attention, bold } = paint;
  const begun = `${good('✔')} The rotation of ${bold(credential)} has begun`;
  const found = `${attention('•')} A rotation of ${bold(credential)} is running already`;
  const kept = `  ${attention('Its grace does not change. To change it: keyturn extend-grace, keyturn end-grace.')}`;
  return [
    isNew ? begun : found,
    ...(!isNew && grace !== undefined ? [kept] : []),
    ...(!isNew && resetSchedule
      ? [`  ${attention('It does not reset its schedule: it was started without --reset-schedule.')}`]
      : []),
    ...(hasWorker ? [] : [`${attention('◷')} Started, but no worker is running. Start one with keyturn up.`]),
  ];
}
