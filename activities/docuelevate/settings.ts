import { type Finding, freshProofMs } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Mark, Marks, Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { found, presentFence } from '../shared/guard.js';
import { OutsideError } from '../shared/outside-error.js';
import { needsDecision, permanent } from '../shared/patience.js';
import type { DocuElevateDeps } from './activities.js';
import { DocuElevateClient } from './client.js';
import { authorOf, beginning, fits, idOf, standing, strangerAmong } from './marks.js';
import type { Change } from './schemas.js';
import type { DocuElevateConnection } from './session.js';

export async function writeSettings(deps: DocuElevateDeps, ref: VersionRef): Promise<void> {
  const engine = await open(deps, ref);
  const values = await valuesOf(engine, ref);
  const { engine: held, marks } = await engine.store.read(ref);
  const known = held === 'maybe' || held === 'yes' ? marks : {};
  const histories = await historiesOf(engine);
  const begun = mapSettings(histories, (changes, key) => beginning(changes, known[key], engine.client.isOurs));
  await write(engine, ref, { values, histories, marks: begun });
}

export async function restoreSettings(deps: DocuElevateDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  const version = await store.read(ref);
  if (version.engine === 'never' || version.engine === 'no') return;
  const old = earlierThan(ref, await store.versions(ref.credential));
  await requireRestorable(store, ref, old);
  const target = { ...ref, number: old.number };
  const engine = await open(deps, target);
  const values = await valuesOf(engine, target);
  const histories = await historiesOf(engine);
  const marks = mapSettings(histories, (changes, key) => {
    const stranger = strangerAmong(changes, standing({ version, old, key }), engine.client.isOurs);
    if (stranger) throw changedSince(key, stranger);
    return { before: idOf(changes[0]) };
  });
  await write(engine, target, { values, histories, marks });
}

export async function settingsAreOurs(deps: DocuElevateDeps, ref: VersionRef): Promise<Finding> {
  const engine = await open(deps, ref);
  const { marks } = await engine.store.read(ref);
  const values = await valuesOf(engine, ref);
  const histories = await historiesOf(engine);
  const problems: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    const newest = histories[key]?.[0];
    if (marks[key]?.ours !== idOf(newest)) problems.push(`${key} was last changed ${authorOf(newest)}`);
    if (!fits(await engine.client.shownValue(key), value)) problems.push(`${key} does not show our value`);
  }
  const detail = problems.length > 0 ? problems.join('; ') : 'the newest change of every setting is the one we made';
  return found(engine.store, ref, {
    kind: 'setting-ours',
    outcome: problems.length > 0 ? 'failed' : 'proved',
    detail,
  });
}

/** What is written into an engine, by setting key. */
interface Writing {
  readonly values: Readonly<Record<string, string>>;
  /** As they were just before. */
  readonly histories: Histories;
  readonly marks: Marks;
}

type Histories = Readonly<Record<string, readonly Change[]>>;

interface Engine {
  readonly store: Store;
  readonly client: DocuElevateClient;
  readonly settings: Readonly<Record<string, string>>;
}

async function open({ store, sessions, engine }: DocuElevateDeps, ref: VersionRef): Promise<Engine> {
  const connection = await engine(ref.credential);
  const settings = settingsFedBy(await store.read(ref), connection);
  return { store, client: new DocuElevateClient(sessions.of(connection)), settings };
}

/** The settings that a version feeds: a part that it may do without leaves its setting as it is. */
export function settingsFedBy(
  { parts }: Pick<Version, 'parts'>,
  { settings, optionalParts = [] }: Pick<DocuElevateConnection, 'settings' | 'optionalParts'>,
): DocuElevateConnection['settings'] {
  const feeds = ([, part]: [string, string]): boolean => parts.includes(part) || !optionalParts.includes(part);
  return Object.fromEntries(Object.entries(settings).filter(feeds));
}

/** All writes back to back, so that the parts of a pair disagree as shortly as possible; then the evidence that they were ours. */
async function write({ store, client }: Engine, ref: VersionRef, { values, histories, marks }: Writing): Promise<void> {
  await presentFence(store, ref); // what a later attempt has noted meanwhile is not for this one to change
  await store.note(ref, { engine: 'maybe', marks });
  for (const [key, value] of Object.entries(values)) {
    await presentFence(store, ref);
    if (!fits(await client.writeSetting(key, value), value)) throw notShown('WRITTEN_VALUE_NOT_SHOWN');
  }
  const written: Record<string, Mark> = {};
  for (const [key, mark] of Object.entries(marks)) {
    const newer = (await client.changes(key)).filter(({ id }) => id > idOf(histories[key]?.[0]));
    const ours = newer.find(client.isOurs);
    if (!ours) throw notShown('WRITE_NOT_IN_HISTORY');
    written[key] = { before: mark.before, ours: ours.id };
  }
  await store.note(ref, { engine: 'yes', marks: written });
}

/** The values as they will be written: the engine stores whatever it gets, and an empty one switches the service off. */
async function valuesOf({ store, settings }: Engine, ref: VersionRef): Promise<Record<string, string>> {
  const parts = await store.unseal(ref);
  return mapSettings(settings, (part, key) => {
    const value = parts[part] ?? '';
    if (value !== '' && !/\p{Cc}/u.test(value)) return value;
    const flaw = value === '' ? 'is empty' : 'holds a line break or another control character';
    throw permanent('Rejected', `part "${part}" of version ${ref.number} ${flaw}, so it cannot be written to ${key}`);
  });
}

async function historiesOf({ client, settings }: Engine): Promise<Histories> {
  const histories: Record<string, readonly Change[]> = {};
  for (const key of Object.keys(settings)) histories[key] = await client.changes(key);
  return histories;
}

/** The version that was in force before this one, or still is. */
function earlierThan(ref: VersionRef, versions: readonly Version[]): Version {
  const others = versions.filter(({ number, parts }) => number !== ref.number && parts.length > 0);
  const [retiring] = others.filter(({ state }) => state === 'retiring').sort((a, b) => b.number - a.number);
  const earlier = others.find(({ state }) => state === 'current') ?? retiring;
  if (earlier) return earlier;
  throw needsDecision(
    `version ${ref.number} of ${ref.credential} stays in DocuElevate: no earlier value is known that could be put back`,
  );
}

/** Putting back a value that does not work would break what works. */
async function requireRestorable(store: Store, { credential, number }: VersionRef, old: Version): Promise<void> {
  const what = `version ${old.number} of ${credential}`;
  if (old.compromised)
    throw needsDecision(`${what} is compromised and is not put back; version ${number} stays in DocuElevate`);
  const newest = (await store.evidence(old)).find(({ kind }) => kind === 'accepted');
  if (newest?.outcome !== 'proved' || Date.now() - newest.at > freshProofMs)
    throw permanent('StaleProof', `${what} is put back only when it was proved to work within the last 10 minutes`);
}

function changedSince(key: string, change: Change): Error {
  return needsDecision(`${key} was changed ${authorOf(change)}, after us: what it holds now is left alone`);
}

function notShown(code: string): Error {
  return new OutsideError('docuelevate', 'writeSetting', { code });
}

function mapSettings<A, B>(
  settings: Readonly<Record<string, A>>,
  make: (value: A, key: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, make(value, key)]));
}
