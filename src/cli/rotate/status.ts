import type { Command } from 'commander';
import type { Client } from '@temporalio/client';
import type { Session } from '../../operations/session/session.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { withSession } from '../terminal/with-session.js';

interface Options {
  readonly follow?: true;
  readonly failOnTrouble?: true;
}

export function defineStatus(program: Command): void {
  program
    .command('status [credential]')
    .summary('show which version is in force, and what is going on')
    .description(
      'Shows every credential: the version in force, its age, when the next rotation is due and may begin, what runs, whom it waits for, whether the value was seen to be in force, and orphans. Changes nothing. Works without a Temporal server; only live progress is missing then.',
    )
    .option('--follow', 'stay until no rotation is running any more')
    .option(
      '--fail-on-trouble',
      'exit code 1 when something is overdue, failed, drifted or needs a person, for monitoring',
    )
    .addHelpText(
      'after',
      examples('keyturn status', 'keyturn status openai --follow', 'keyturn status --json --fail-on-trouble'),
    )
    .action((credential: string | undefined, options: Options, command: Command) =>
      perform(command, (cli) => withSession(cli, (session) => show(cli, session, { credential, ...options }))),
    );
}

async function show(
  cli: Cli,
  session: Session,
  { credential, follow, failOnTrouble }: Options & { credential: string | undefined },
): Promise<ExitCode> {
  const { knownCredential, reachIfThere } = await import('../../operations/session/reach.js');
  const known = await session.store.credentials();
  if (credential !== undefined && !known.some(({ name }) => name === credential))
    knownCredential(session.config, credential);
  const { client, silence } = await reachIfThere(session.config);
  if (follow && silence) throw silence;
  const subject = { session, client, silence, credential };
  try {
    return (
      (follow && client ? await watchAll(cli, client, subject) : null) ?? (await tell(cli, subject, failOnTrouble))
    );
  } finally {
    await client?.connection.close();
  }
}

interface Subject {
  readonly session: Session;
  /** Null without a Temporal server. */
  readonly client: Client | null;
  /** Why there is none. */
  readonly silence: Error | null;
  readonly credential: string | undefined;
}

async function tell(
  cli: Cli,
  { session, client, silence, credential }: Subject,
  failOnTrouble = false,
): Promise<ExitCode> {
  const { brokenChannels, statusOf } = await import('../../operations/rotate/status.js');
  const { whyOlderThanTemporal } = await import('../../operations/records/ledger-anchor.js');
  const { channelsText, statusText } = await import('./status-text.js');
  const all = await statusOf(session, client, credential);
  const channels = await brokenChannels(session);
  const older = client && (await whyOlderThanTemporal(session, client));
  const hint =
    silence === null
      ? []
      : ['', cli.paint.dim(`${silence.message}, so live progress is missing here. To start one: keyturn up`)];
  const warning = older === null ? [] : ['', `${cli.paint.bad('✖')} ${older}. Workers do not start: keyturn check`];
  const text = [...statusText(all, cli.paint), ...channelsText(channels, cli.paint), ...warning, ...hint];
  cli.answer({ live: client !== null, credentials: all, brokenChannels: channels, olderStore: older }, text);
  const trouble = older !== null || channels.length > 0 || all.some(({ trouble }) => trouble.length > 0);
  return failOnTrouble && trouble ? exitCodes.failed : exitCodes.done;
}

/** Watches every running rotation, one after the other. Null when the status still has to be shown. */
async function watchAll(cli: Cli, client: Client, { session, credential }: Subject): Promise<ExitCode | null> {
  const { rotationId } = await import('../../domain/temporal-names.js');
  const { isRunning } = await import('../../operations/session/orphaned-rotations.js');
  const { watch } = await import('./watch.js');
  const { tellWatched } = await import('./watched-text.js');
  for (const name of credential === undefined ? Object.keys(session.config.credentials) : [credential]) {
    if (!(await isRunning(client, rotationId(session.store.installation, name)))) continue;
    const watched = await watch(cli, { session, client }, name);
    if (watched.how !== 'ended' || credential !== undefined) return tellWatched(cli, watched, { credential: name });
  }
  return null;
}
