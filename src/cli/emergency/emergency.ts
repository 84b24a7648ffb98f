import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type { Conducted } from '../../operations/emergency/emergency.js';
import type { Choice, Impact } from '../../operations/emergency/emergency-choice.js';
import type { Session } from '../../operations/session/session.js';
import type { Emergency } from '../../store/records.js';
import { NotReachable, notRevoked } from '../../operations/session/refusals.js';
import type { Unrecorded } from './emergency-unwritten.js';
import { count } from '../terminal/arguments.js';
import { type ExitCode, exitCodes, worstOf } from '../terminal/exit-codes.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { reasonOption, withReason } from '../terminal/reason.js';
import { openStored } from '../terminal/with-session.js';

interface Options extends Omit<Choice, 'names'> {
  readonly version?: number;
  readonly reason?: string;
  readonly yes?: true;
  readonly direct?: true;
  readonly id?: readonly string[];
}

const words = `
Words:
  disabled   switched off at the provider; it could be switched on again
  revoked    ended at the provider for good; "proved refused" when its provider was seen to refuse it
  rotated    a new value is in force in its place

The clock runs from the command until the provider was seen to refuse each value.
`;

export function defineEmergency(program: Command): void {
  program
    .command('emergency [credentials...]')
    .summary('a value leaked: revoke it now, replace it after')
    .description(
      'Revokes every live value of the credentials at once: beside any step in progress, without grace, and without asking whether something still uses it. Then makes a new value, puts it into the engine and verifies it. First shows what will stop working. Exit codes: 0 everything is revoked and replaced; 4 a person has to help with the replacement; 5 no worker took it yet; 1 anything else.',
    )
    .option('--owner <owner>', 'every credential of this owner')
    .option('--provider <id>', 'every credential of this provider, for instance openai')
    .option('--engine <name>', 'every credential of this engine')
    .option('--all', 'every credential')
    .option('--version <number>', 'only this version, of one credential; other versions in force stay valid', count)
    .addOption(reasonOption('why; it goes into the ledger and Temporal, so never write a secret here'))
    .option('--yes', 'do not ask')
    .option(
      '--direct',
      'revoke from this process, when Temporal or its workers are down, or when the store cannot be opened',
    )
    .option('--id <id...>', 'with --direct and without the store: the ids to revoke, as the provider lists them')
    .addHelpText(
      'after',
      `${words}${examples(
        'keyturn emergency openai --reason "seen in a public repository"',
        'keyturn emergency --owner platform@example.com --reason "a laptop was stolen" --yes --json',
        'keyturn emergency openai --version 3 --reason "in a log file"',
        'keyturn emergency openai --direct --reason "Temporal is down as well"',
        'keyturn emergency openai --direct --id service_account/svc_1 --reason "so is the disk of the store"',
      )}`,
    )
    .action((names: string[], options: Options, command: Command) =>
      perform(command, (cli) =>
        withReason({ cli, command, given: options.reason }, (asked, reason) =>
          begin(asked, { ...options, names, reason }),
        ),
      ),
    );
}

export type EmergencyRequest = Options & Choice & { readonly reason: string };

async function begin(cli: Cli, request: EmergencyRequest): Promise<ExitCode> {
  const stored = await openStored(cli);
  if ('why' in stored) {
    if (!request.direct) throw stored.error;
    const { declareWithoutStore } = await import('./emergency-without-store.js');
    return declareWithoutStore(cli, stored.why, request);
  }
  const { session } = stored;
  try {
    const { requireNoValue } = await import('../../operations/session/command-line.js');
    await requireNoValue(session.store, cli.words);
    return await declare(cli, session, request);
  } finally {
    await session.close();
  }
}

async function declare(cli: Cli, session: Session, request: EmergencyRequest): Promise<ExitCode> {
  if (request.id) return declareById(cli, session, request);
  const impacts = await impactsOf(session, request);
  const { previewText } = await import('./emergency-text.js');
  cli.say(...previewText(cli.paint, impacts, request.reason));
  const [only] = impacts;
  await confirmed(cli, impacts.length === 1 && only ? only.credential : `revoke ${impacts.length}`, request);
  const { actor } = cli;
  const { reason, version } = request;
  const versions = version === undefined ? null : [version];
  const { recorded } = await import('./emergency-unwritten.js');
  const emergencies = await recorded(
    session,
    impacts.map(({ credential }) => ({ credential, actor, reason, versions })),
  );
  if ('why' in emergencies) return endUnrecorded(cli, { session, impacts, reason, why: emergencies.why });
  if (request.direct) return conductHere(cli, { session, impacts, reason }, emergencies);
  const client = await reach(session);
  try {
    return await tell(cli, await watched(cli, { session, client }, emergencies));
  } finally {
    await client.connection.close();
  }
}

/** Only for a store that cannot be opened or written: a person names the values to revoke. */
async function declareById(cli: Cli, session: Session, request: EmergencyRequest): Promise<ExitCode> {
  const { whyUnwritable } = await import('./emergency-unwritten.js');
  const detail = `${request.id?.join(', ')}: ${request.reason}`;
  const why = request.direct ? await whyUnwritable(session, { actor: cli.actor, detail }) : null;
  if (why !== null) return (await import('./emergency-without-store.js')).declareWithoutStore(cli, why, request);
  const next = 'Leave out --id to revoke every live version, or name one with --version.';
  throw notRevoked('The store can be opened, and it knows the live versions', next);
}

/** Works in this process. When the store cannot be written any more, the values it knows are revoked all the same. */
async function conductHere(
  cli: Cli,
  { session, impacts, reason }: Omit<Unrecorded, 'why'>,
  emergencies: readonly Emergency[],
): Promise<ExitCode> {
  const { leftAlive, whyUnwritable } = await import('./emergency-unwritten.js');
  const results = await watched(cli, { session, client: null }, emergencies);
  const alive = leftAlive(results).map(({ state }) => state.credential);
  const why = alive.length > 0 ? await whyUnwritable(session, { actor: cli.actor, detail: reason }) : null;
  if (why === null) return tell(cli, results);
  const left = impacts.filter(({ credential }) => alive.includes(credential));
  return endUnrecorded(cli, { session, impacts: left, reason, why });
}

async function endUnrecorded(cli: Cli, unrecorded: Unrecorded): Promise<ExitCode> {
  const without = await import('./emergency-without-store.js');
  return without.endUnrecorded(cli, unrecorded);
}

/** @throws UsageError when the choice is unclear, or the store knows no value of it */
async function impactsOf(session: Session, { version, ...choice }: EmergencyRequest): Promise<Impact[]> {
  const { chosen, impactOf } = await import('../../operations/emergency/emergency-choice.js');
  const names = chosen(session.config, choice);
  if (version !== undefined && names.length > 1)
    throw notRevoked('--version names one version of one credential', 'Name that credential.');
  const impacts = await Promise.all(names.map((name) => impactOf(session, name, version ?? null)));
  const known = impacts.filter(({ known }) => known);
  if (known.length === 0)
    throw notRevoked(
      `The store knows no value of ${names.join(', ')}`,
      'Keyturn cannot revoke a value that it does not know: revoke it at its provider.',
    );
  return known;
}

/** Resolves when the word was typed, or --yes was given. Throws a UsageError otherwise. */
export async function confirmed(cli: Cli, word: string, { yes }: EmergencyRequest): Promise<void> {
  if (yes) return;
  const next = `Type ${word} when asked, or give --yes.`;
  if (!process.stdin.isTTY) throw notRevoked('There is no terminal to confirm it in', next);
  const { input } = await import('@inquirer/prompts');
  const typed = await input({ message: `Type "${word}" to revoke now:` }, { output: cli.stream });
  if (typed.trim() !== word) throw notRevoked('It was not confirmed', next);
}

/** The store has recorded the emergency by now, so nothing is lost when Temporal is down. */
async function reach(session: Session): Promise<Client> {
  const { reachTemporal } = await import('../../operations/session/reach.js');
  try {
    return (await reachTemporal(session.config)).client;
  } catch (error) {
    throw new NotReachable('Temporal cannot be reached, so the emergency was not sent', {
      state: 'NOTHING IS REVOKED YET. The emergency is recorded, and its clock runs.',
      next: 'Run the same command again with --direct: it revokes from this process.',
      cause: error,
    });
  }
}

async function watched(
  cli: Cli,
  place: { readonly session: Session; readonly client: Client | null },
  emergencies: readonly Emergency[],
): Promise<readonly Conducted[]> {
  const { conductAll } = await import('../../operations/emergency/emergency.js');
  const { emergencyView } = await import('./emergency-view.js');
  const detached = new AbortController();
  const detach = (): void => detached.abort();
  if (place.client) process.on('SIGINT', detach); // an emergency in this process must not stop half done
  const view = emergencyView(cli, emergencies.length);
  const results = await conductAll({ ...place, signal: detached.signal, onChange: view.show }, emergencies);
  process.off('SIGINT', detach);
  view.end();
  return results;
}

async function tell(cli: Cli, results: readonly Conducted[]): Promise<ExitCode> {
  const { documentOf, summaryText } = await import('./emergency-text.js');
  cli.answer(documentOf(results), summaryText(cli.paint, results));
  return exitCodeOf(results);
}

/** The exit code that a script has to act on first. */
function exitCodeOf(results: readonly Conducted[]): ExitCode {
  return worstOf(results.map(codeOf));
}

function codeOf({ how, state }: Conducted): ExitCode {
  if (how === 'nobody') return exitCodes.unreachable;
  if (how === 'going' || how === 'sending') return exitCodes.interrupted;
  if (how === 'waiting') return state.containedAfterMs === null ? exitCodes.failed : exitCodes.waiting;
  return how === 'ended' && (state.outcome === 'replaced' || state.outcome === 'retired')
    ? exitCodes.done
    : exitCodes.failed;
}
