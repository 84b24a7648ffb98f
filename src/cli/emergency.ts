import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type { Conducted } from '../operations/emergency.js';
import type { Choice, Impact } from '../operations/emergency-choice.js';
import type { Session } from '../operations/session.js';
import type { Emergency } from '../store/records.js';
import type { Unrecorded } from './emergency-unwritten.js';
import { count } from './arguments.js';
import { examples } from './examples.js';
import { type ExitCode, exitCodes, worstOf } from './exit-codes.js';
import { type Cli, perform } from './perform.js';
import { reasonOption, withReason } from './reason.js';

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

The clock runs from the command to the moment at which the provider was seen to refuse each value.
`;

export function defineEmergency(program: Command): void {
  program
    .command('emergency [credentials...]')
    .summary('a value leaked: revoke it now, replace it after')
    .description(
      'Revokes every live value of the credentials at once: beside whatever step is in progress, without grace and without asking whether somebody still uses it. Then makes a new value, puts it into the engine and verifies it. Shows first what will stop working. Exit code 0 when everything is revoked and replaced, 4 when a person has to help with the replacement, 5 when nobody took it yet, 1 otherwise.',
    )
    .option('--owner <owner>', 'every credential of this owner')
    .option('--provider <id>', 'every credential of this provider, for instance openai')
    .option('--engine <name>', 'every credential of this engine')
    .option('--all', 'every credential')
    .option('--version <number>', 'this version alone, of one credential; the others in force stay', count)
    .addOption(reasonOption('why; it goes into the ledger and Temporal, so never write a secret here'))
    .option('--yes', 'do not ask')
    .option(
      '--direct',
      'do it in this process, when Temporal or its workers cannot, or when the store cannot be opened',
    )
    .option('--id <id...>', 'with --direct and without the store: what ends, as the provider lists it')
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

export type Wanted = Options & Choice & { readonly reason: string };

async function begin(cli: Cli, wanted: Wanted): Promise<ExitCode> {
  const { openStored } = await import('./with-rotations.js');
  const stored = await openStored(cli);
  if ('why' in stored) {
    if (!wanted.direct) throw stored.error;
    const { declareWithoutStore } = await import('./emergency-without-store.js');
    return declareWithoutStore(cli, stored.why, wanted);
  }
  const { session } = stored;
  try {
    const { requireNoValue } = await import('../operations/command-line.js');
    await requireNoValue(session.store, cli.words);
    return await declare(cli, session, wanted);
  } finally {
    await session.close();
  }
}

async function declare(cli: Cli, session: Session, wanted: Wanted): Promise<ExitCode> {
  if (wanted.id) return declareById(cli, session, wanted);
  const impacts = await impactsOf(session, wanted);
  const { previewText } = await import('./emergency-text.js');
  cli.say(...previewText(cli.paint, impacts, wanted.reason));
  const [only] = impacts;
  await confirmed(cli, impacts.length === 1 && only ? only.credential : `revoke ${impacts.length}`, wanted);
  const { actor } = cli;
  const versions = wanted.version === undefined ? null : [wanted.version];
  const { reason } = wanted;
  const { recorded } = await import('./emergency-unwritten.js');
  const emergencies = await recorded(
    session,
    impacts.map(({ credential }) => ({ credential, actor, reason, versions })),
  );
  if ('why' in emergencies) return endUnrecorded(cli, { session, impacts, reason, why: emergencies.why });
  if (wanted.direct) return conductHere(cli, { session, impacts, reason }, emergencies);
  const client = await reach(session);
  try {
    return await tell(cli, await watched(cli, { session, client }, emergencies));
  } finally {
    await client.connection.close();
  }
}

/** What ends is named by a person. That is for a store that cannot be opened, or takes nothing. */
async function declareById(cli: Cli, session: Session, wanted: Wanted): Promise<ExitCode> {
  const { whyUnwritable } = await import('./emergency-unwritten.js');
  const detail = `${wanted.id?.join(', ')}: ${wanted.reason}`;
  const why = wanted.direct ? await whyUnwritable(session, { actor: cli.actor, detail }) : null;
  if (why !== null) return (await import('./emergency-without-store.js')).declareWithoutStore(cli, why, wanted);
  const { UsageError } = await import('../operations/refusals.js');
  const next = 'Leave --id out: every live version is meant, or the one that --version names.';
  throw new UsageError('The store can be opened, and it knows what lives', { state: 'Nothing was revoked.', next });
}

/** In this process. Where the store takes nothing any more, what it knows is ended all the same. */
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

/** @throws UsageError when it is not clear what is meant, or nothing of it can be live */
async function impactsOf(session: Session, { version, ...choice }: Wanted): Promise<Impact[]> {
  const { chosen, impactOf } = await import('../operations/emergency-choice.js');
  const { UsageError } = await import('../operations/refusals.js');
  const nothing = (what: string, next: string) => new UsageError(what, { state: 'Nothing was revoked.', next });
  const names = chosen(session.config, choice);
  if (version !== undefined && names.length > 1)
    throw nothing('--version names one version of one credential', 'Name that credential.');
  const impacts = await Promise.all(names.map((name) => impactOf(session, name, version ?? null)));
  const known = impacts.filter(({ known }) => known);
  if (known.length === 0)
    throw nothing(
      `The store knows no value of ${names.join(', ')}`,
      'What Keyturn does not know it cannot revoke: revoke it at its provider.',
    );
  return known;
}

/** Resolves when somebody has typed the word, or said before that they agree. Throws a UsageError otherwise. */
export async function confirmed(cli: Cli, word: string, { yes }: Wanted): Promise<void> {
  if (yes) return;
  const { UsageError } = await import('../operations/refusals.js');
  const next = `Type ${word} when asked, or give --yes.`;
  if (!process.stdin.isTTY)
    throw new UsageError('Nobody is there to confirm it', { state: 'Nothing was revoked.', next });
  const { input } = await import('@inquirer/prompts');
  const typed = await input({ message: `Type "${word}" to revoke now:` }, { output: cli.stream });
  if (typed.trim() !== word) throw new UsageError('It was not confirmed', { state: 'Nothing was revoked.', next });
}

/** The request is in the store by now, so that nothing is lost when Temporal is down. */
async function reach(session: Session): Promise<Client> {
  const { reachTemporal } = await import('../operations/reach.js');
  const { NotReachable } = await import('../operations/refusals.js');
  try {
    return (await reachTemporal(session.config)).client;
  } catch (error) {
    throw new NotReachable('Temporal cannot be reached, so nobody was told', {
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
  const { conductAll } = await import('../operations/emergency.js');
  const { emergencyView } = await import('./emergency-view.js');
  const left = new AbortController();
  const leave = (): void => left.abort();
  if (place.client) process.on('SIGINT', leave); // what runs in this very process is not left half done
  const view = emergencyView(cli, emergencies.length);
  const results = await conductAll({ ...place, signal: left.signal, onChange: view.show }, emergencies);
  process.off('SIGINT', leave);
  view.end();
  return results;
}

async function tell(cli: Cli, results: readonly Conducted[]): Promise<ExitCode> {
  const { documentOf, summaryText } = await import('./emergency-text.js');
  cli.answer(documentOf(results), summaryText(cli.paint, results));
  return exitCodeOf(results);
}

/** The worst of all, as far as a script has to act on it. */
export function exitCodeOf(results: readonly Conducted[]): ExitCode {
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
