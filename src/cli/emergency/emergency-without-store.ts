import { listingOf } from '../../../workers/listings.js';
import { catalog } from '../../../workflows/catalog.js';
import type { Listed } from '../../../activities/shared/listing.js';
import { loadConfig } from '../../config/load.js';
import { UserError } from '../../domain/user-error.js';
import { chosen } from '../../operations/emergency/emergency-choice.js';
import { recordFileOf } from '../../operations/session/emergency-record.js';
import { type EndedListed, endAll, list, type Unstored } from '../../operations/emergency/emergency-without-store.js';
import { notRevoked } from '../../operations/session/refusals.js';
import { looksMadeFor } from '../../store/intents.js';
import { confirmed, type EmergencyRequest } from './emergency.js';
import { knownTo, type Unrecorded } from './emergency-unwritten.js';
import { seconds } from './emergency-text.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import { tellFailure } from '../terminal/failure.js';
import { columns, facts } from '../terminal/layout.js';
import type { Paint } from '../terminal/paint.js';
import type { Cli } from '../terminal/perform.js';

/**
 * An emergency while the store cannot be opened, for the reason `why`. The values come from the provider's own list, and a person names those
 * to revoke. Nothing replaces them, because a new value could not be stored.
 */
export async function declareWithoutStore(cli: Cli, why: string, request: EmergencyRequest): Promise<ExitCode> {
  const askedAt = Date.now();
  const config = loadConfig(cli.config, catalog);
  const [credential, ...more] = chosen(config, request);
  if (credential === undefined || more.length > 0)
    throw notRevoked(
      'Without the store, only one credential can be revoked at a time',
      'Name one, and run it again for the next.',
    );
  if (request.version !== undefined)
    throw notRevoked(`Only the store knows which value version ${request.version} is`, 'Name the value, with --id.');
  const listing = listingOf(config, credential);
  if (!listing) throw noList(credential, why);
  const { actor, say, paint } = cli;
  const record = recordFileOf(cli.config);
  const emergency: Unstored = { credential, actor, reason: request.reason, askedAt, listing, record };
  const listed = await list(emergency);
  say(...listText(paint, why, { credential, listed }));
  const values = await chosenFrom(cli, listed, request);
  await confirmed(cli, credential, request);
  return tell(cli, [{ emergency, results: await endAll(emergency, values) }]);
}

interface EndedValues {
  readonly emergency: Unstored;
  readonly results: readonly EndedListed[];
}

/**
 * The same when the store can be read but not written, as on a full disk. Revokes the values that are live according to the store, without a
 * replacement, which could not be recorded. Asks for no second confirmation. A provider that cannot be asked holds up no other one.
 */
export async function endUnrecorded(cli: Cli, { session, impacts, reason, why }: Unrecorded): Promise<ExitCode> {
  const { actor, say, paint } = cli;
  const [askedAt, record, ended]: [number, string, EndedValues[]] = [Date.now(), recordFileOf(cli.config), []];
  say(paint.attention(`The store cannot be written: ${why}`), '');
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

function tell({ answer, paint }: Cli, ended: readonly EndedValues[]): ExitCode {
  const documents = ended.map(({ emergency, results }) => documentOf(emergency, results));
  const text = ended.flatMap(({ emergency, results }) => resultText(paint, emergency, results));
  answer(documents.length === 1 ? documents[0] : { withoutStore: true, emergencies: documents }, text);
  const isOver = ended.every(({ results }) => results.every((each) => each.ended));
  return isOver ? exitCodes.waiting : exitCodes.failed; // the replacement waits for a person
}

function listText(
  { bold, dim, attention }: Paint,
  why: string,
  { credential, listed }: { readonly credential: string; readonly listed: readonly Listed[] },
): string[] {
  const rows = listed.map((each) => [
    each.id,
    each.name,
    each.lastUsedAt === null ? '' : `used ${each.lastUsedAt}`,
    looksMadeFor(credential, each.name) ? 'made by Keyturn for this credential, judging by the name' : '',
  ]);
  return [
    attention(`The store cannot be opened: ${why}`),
    '',
    bold(`What ${credential}'s provider lists`),
    ...columns(rows).map((row) => `  ${row}`),
    ...(listed.length === 0 ? [dim('  nothing')] : []),
    '',
    'Nothing replaces what is revoked: a new value could not be stored. The engine fails until it has one.',
    '',
  ];
}

async function chosenFrom(cli: Cli, listed: readonly Listed[], { id: ids }: EmergencyRequest): Promise<Listed[]> {
  if (ids === undefined) return asked(cli, listed);
  const unknown = ids.filter((each) => !listed.some(({ id }) => id === each));
  if (unknown.length > 0)
    throw notRevoked(`The provider lists no ${unknown.join(', ')}`, 'Give --id as the list shows it.');
  return listed.filter(({ id }) => ids.includes(id));
}

async function asked({ stream }: Cli, listed: readonly Listed[]): Promise<Listed[]> {
  const next = 'Name each of them with --id <id>, as the list shows it.';
  if (!process.stdin.isTTY) throw notRevoked('A person has to say which of them are compromised', next);
  const { checkbox } = await import('@inquirer/prompts');
  const choices = listed.map((each) => ({ value: each, name: `${each.id}  ${each.name}` }));
  const picked = await checkbox({ message: 'Which of them do you want to revoke now?', choices }, { output: stream });
  if (picked.length === 0) throw notRevoked('None was chosen', next);
  return picked;
}

function resultText({ good, bad, dim }: Paint, emergency: Unstored, results: readonly EndedListed[]): string[] {
  const { credential, reason, record } = emergency;
  const lines = results.map(({ id, name, afterMs, trouble }) =>
    trouble === null
      ? `${good('✔')} ${id}  ${name}: revoked, no longer listed after ${seconds(afterMs ?? 0)}`
      : `${bad('✖')} ${id}  ${name}: ${trouble}`,
  );
  const recorded = results.every((each) => each.recorded);
  return [
    ...lines,
    '',
    ...facts([
      [dim('Record'), recorded ? record : bad('it could not be written: keep this output')],
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
  return new UserError(`The store cannot be opened, and the provider of ${credential} cannot list its values`, {
    state: `Nothing was revoked. ${why}`,
    next: 'Revoke the value at its provider by hand, as its guide describes, and bring the store back.',
  });
}

function nothingKnown(credential: string, why: string): UserError {
  return new UserError(
    `The store cannot be written, and the provider lists no value of ${credential} that the store knows`,
    {
      state: `None of its values was revoked. ${why}`,
      next: `Name the values to revoke, as the provider lists them: keyturn emergency ${credential} --direct --id <id> --reason "…"`,
    },
  );
}
