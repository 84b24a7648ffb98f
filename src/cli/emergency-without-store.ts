import { listingOf } from '../../workers/listings.js';
import { catalog } from '../../workflows/catalog.js';
import type { Listed } from '../../activities/shared/listing.js';
import { loadConfig } from '../config/load.js';
import { UserError } from '../domain/user-error.js';
import { chosen } from '../operations/emergency-choice.js';
import { recordFileOf } from '../operations/emergency-record.js';
import { type EndedListed, endAll, list, type Unstored } from '../operations/emergency-without-store.js';
import { UsageError } from '../operations/refusals.js';
import { looksMadeFor } from '../store/intents.js';
import { confirmed, type Wanted } from './emergency.js';
import { knownTo, type Unrecorded } from './emergency-unwritten.js';
import { seconds } from './emergency-text.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { tellFailure } from './failure.js';
import { columns, facts } from './layout.js';
import type { Paint } from './paint.js';
import type { Cli } from './perform.js';

/**
 * An emergency while the store cannot be opened (`why`): what there is comes from the provider's own list, what ends is what somebody
 * names. Nothing takes its place, because its value could not be kept.
 */
export async function declareWithoutStore(cli: Cli, why: string, wanted: Wanted): Promise<ExitCode> {
  const askedAt = Date.now();
  const config = loadConfig(cli.config, catalog);
  const [credential, ...more] = chosen(config, wanted);
  if (credential === undefined || more.length > 0)
    throw refused('Without the store one credential is done at a time', 'Name one, and run it again for the next.');
  if (wanted.version !== undefined)
    throw refused(`Only the store knows which value version ${wanted.version} is`, 'Name the value, with --id.');
  const listing = listingOf(config, credential);
  if (!listing) throw noList(credential, why);
  const { actor, say, paint } = cli;
  const record = recordFileOf(cli.config);
  const emergency: Unstored = { credential, actor, reason: wanted.reason, askedAt, listing, record };
  const listed = await list(emergency);
  say(...listText(paint, { credential, why, listed }));
  const values = await chosenFrom(cli, listed, wanted);
  await confirmed(cli, credential, wanted);
  return tell(cli, [{ emergency, results: await endAll(emergency, values) }]);
}

/** What became of the values of one credential. */
interface Ended {
  readonly emergency: Unstored;
  readonly results: readonly EndedListed[];
}

/**
 * The same where the store can be read and takes nothing, as on a full disk: what it takes for alive ends, since nobody could record a
 * replacement. Nobody is asked again. A provider that cannot be asked holds up no other one.
 */
export async function endUnrecorded(cli: Cli, { session, impacts, reason, why }: Unrecorded): Promise<ExitCode> {
  const { actor, say, paint } = cli;
  const [askedAt, record, ended]: [number, string, Ended[]] = [Date.now(), recordFileOf(cli.config), []];
  say(paint.attention(`The store takes nothing: ${why}`), '');
  let code: ExitCode = exitCodes.done;
  for (const impact of impacts) {
    const { credential } = impact;
    try {
      const listing = listingOf(session.config, credential);
      if (!listing) throw noList(credential, why);
      const emergency: Unstored = { credential, actor, reason, askedAt, listing, record };
      const values = (await list(emergency)).filter(await knownTo(session, impact));
      if (values.length === 0) throw nothingKnown(credential, why);
      ended.push({ emergency, results: await endAll(emergency, values) });
    } catch (error) {
      code = tellFailure(impacts.length === 1 ? cli : { ...cli, answer: () => undefined }, error);
    }
  }
  const told = ended.length > 0 ? tell(cli, ended) : code;
  return code === exitCodes.done ? told : code;
}

function tell({ answer, paint }: Cli, ended: readonly Ended[]): ExitCode {
  const documents = ended.map(({ emergency, results }) => documentOf(emergency, results));
  const text = ended.flatMap(({ emergency, results }) => resultText(paint, emergency, results));
  answer(documents.length === 1 ? documents[0] : { withoutStore: true, emergencies: documents }, text);
  const isOver = ended.every(({ results }) => results.every((each) => each.ended));
  return isOver ? exitCodes.waiting : exitCodes.failed; // the replacement waits for a person
}

interface Seen {
  readonly credential: string;
  readonly why: string;
  readonly listed: readonly Listed[];
}

function listText({ bold, dim, attention }: Paint, { credential, why, listed }: Seen): string[] {
  const rows = listed.map((each) => [
    each.id,
    each.name,
    each.lastUsedAt === null ? '' : `used ${each.lastUsedAt}`,
    looksMadeFor(credential, each.name) ? 'by its name made by Keyturn for this credential' : '',
  ]);
  return [
    attention(`The store cannot be opened: ${why}`),
    '',
    bold(`What ${credential}'s provider lists`),
    ...columns(rows).map((row) => `  ${row}`),
    ...(listed.length === 0 ? [dim('  nothing')] : []),
    '',
    'Nothing takes the place of what ends: a new value could not be kept. The engine fails until there is one.',
    '',
  ];
}

async function chosenFrom(cli: Cli, listed: readonly Listed[], { id: ids }: Wanted): Promise<Listed[]> {
  if (ids === undefined) return asked(cli, listed);
  const unknown = ids.filter((each) => !listed.some(({ id }) => id === each));
  if (unknown.length > 0)
    throw refused(`The provider lists no ${unknown.join(', ')}`, 'Give --id as it stands in the list.');
  return listed.filter(({ id }) => ids.includes(id));
}

async function asked({ stream }: Cli, listed: readonly Listed[]): Promise<Listed[]> {
  const next = 'Name each of them: --id <id>, as it stands in the list.';
  if (!process.stdin.isTTY) throw refused('Which of them are compromised is for a person to say', next);
  const { checkbox } = await import('@inquirer/prompts');
  const choices = listed.map((each) => ({ value: each, name: `${each.id}  ${each.name}` }));
  const picked = await checkbox({ message: 'Which of them end now?', choices }, { output: stream });
  if (picked.length === 0) throw refused('None was chosen', next);
  return picked;
}

function resultText({ good, bad, dim }: Paint, emergency: Unstored, results: readonly EndedListed[]): string[] {
  const { credential, reason, record } = emergency;
  const lines = results.map(({ id, name, afterMs, trouble }) =>
    trouble === null
      ? `${good('✔')} ${id}  ${name}: ended, and not listed any more after ${seconds(afterMs ?? 0)}`
      : `${bad('✖')} ${id}  ${name}: ${trouble}`,
  );
  const recorded = results.every((each) => each.recorded);
  return [
    ...lines,
    '',
    ...facts([
      [dim('Record'), recorded ? record : bad('it could not be written down: keep this output')],
      [dim('Refused'), 'not proved: the value itself is in the store'],
      [dim('Next'), `Bring the store back, then replace it: keyturn emergency ${credential} --reason "${reason}"`],
    ]),
  ];
}

function documentOf({ credential, record }: Unstored, results: readonly EndedListed[]): object {
  const contained = results.every(({ ended }) => ended);
  return { contained, provedRefused: false, rotated: false, withoutStore: true, credential, record, values: results };
}

function noList(credential: string, why: string): UserError {
  return new UserError(`The store cannot be opened, and the provider of ${credential} has no list to work from`, {
    state: `Nothing was revoked. ${why}`,
    next: 'End the value at its provider by hand, as its guide says, and bring the store back.',
  });
}

function nothingKnown(credential: string, why: string): UserError {
  return new UserError(`The store takes nothing, and the provider lists nothing that it knows of ${credential}`, {
    state: `Nothing of it was revoked. ${why}`,
    next: `Name what ends, as its provider lists it: keyturn emergency ${credential} --direct --id <id> --reason "…"`,
  });
}

function refused(what: string, next: string): UsageError {
  return new UsageError(what, { state: 'Nothing was revoked.', next });
}
