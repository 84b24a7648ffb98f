import { setTimeout as delay } from 'node:timers/promises';
import type { EngineProfile } from '../../src/domain/engine-profile.js';
import type { VersionRef } from '../../src/domain/version.js';
import { type AccessCheck, look, type Warning } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import type { DocumentEngineDeps } from './activities.js';
import type { DocumentEngineClient } from './client.js';
import { toldBy } from './description.js';
import { newValue } from './keys.js';
import { isSpare, momentPast, noMarker, type Spare } from './marker.js';
import type { ListedSecret } from './schemas.js';
import { askPlainly } from './questions.js';
import { keptThroughRestart, prepareRestart, restartCheck } from './restart.js';
import { rotateToItself } from './self-rotation.js';
import { currentIn, end, open, type DocumentEngineWork } from './standing.js';
import { clearTrial, fenced, inItsPlace, oddMoment, onTrial, trialMs } from './trial.js';
import { endsSession, openSession, showsAcceptance, showsEnd } from './watching.js';

export interface DeepCheck {
  readonly credential: string;
  /** Also makes the current value current once more, to see what becomes of the former current secret. */
  readonly rotatesToItself: boolean;
  /** `before`: leaves what a restart has to keep, and does nothing else. `after`: a person has restarted the engine since. */
  readonly restart?: 'before' | 'after';
}

/** What a look finds out, and everything it needs for that. */
export interface Digging {
  readonly work: DocumentEngineWork;
  /** Null where nothing of the credential is in force, and so nothing can rotate. */
  readonly holder: VersionRef | null;
  readonly found: { -readonly [K in keyof EngineProfile]: EngineProfile[K] };
  /** A value that nobody holds, by parts. */
  readonly value: Readonly<Record<string, string>>;
  readonly ids: Set<number>;
}

/**
 * Finds out how an engine does what its vendor leaves open, with values that nobody holds and that end by themselves within ten minutes.
 * What was found is kept, and procedures follow it.
 */
export async function checkDeep(
  deps: DocumentEngineDeps,
  { credential, rotatesToItself, restart }: DeepCheck,
): Promise<AccessCheck[]> {
  const checks: AccessCheck[] = [];
  const whole = await look('trial', () =>
    inItsPlace(deps, credential, async (holder) => {
      const work = await open(deps, holder ?? { credential, number: 0, fence: 0 });
      deps.verbs.delete(work.connection.url);
      const kept = restart === 'after' ? await keptThroughRestart(work) : (work.known.profile?.restart ?? null);
      const cleared = await clearTrial(work, holder);
      if (restart === 'before') return prepareRestart(work, holder);
      const digging = await begin(work, holder);
      digging.found.restart = kept;
      if (restart === 'after') checks.push(restartCheck(kept));
      const step = async (what: string, see: () => Promise<string | Warning>): Promise<void> => {
        const check = await look(what, see);
        checks.push(check);
        if (!check.ok) throw permanent('Rejected', `${what}: ${check.detail}`);
      };
      try {
        await dig(deps, digging, step);
        if (rotatesToItself) await step('rotate', () => rotateToItself(digging));
      } finally {
        await tidy(digging);
      }
      await work.store.keepProfile(credential, { profile: digging.found, seen: digging.found.version });
      return `nothing of it is left${cleared > 0 ? `, nor of an earlier one (${cleared})` : ''}; what was found is kept`;
    }),
  );
  return [...checks, whole];
}

type Step = (what: string, see: () => Promise<string | Warning>) => Promise<void>;

async function begin(work: DocumentEngineWork, holder: VersionRef | null): Promise<Digging> {
  const { client, connection } = work;
  await client.isThere();
  const found: Digging['found'] = {
    ...{ at: Date.now(), version: client.version, change: null, precision: 0, zone: '', duplicates: 'refused' },
    ...{ pastExpiry: null, rotate: null, probe: null, lagMs: null, sessions: null },
    restart: null,
  };
  return { work, holder, found, value: await newValue(connection.type, connection.jwt.algorithm), ids: new Set() };
}

async function dig(deps: DocumentEngineDeps, digging: Digging, step: Step): Promise<void> {
  const { work } = digging;
  await step('description', () => description(work));
  await step('token', () => withoutToken(work));
  await step('addition', () => addition(digging));
  await step('a value twice', () => duplicate(digging));
  await step('change of an expiry', () => change(deps, digging));
  await step('acceptance', () => showsAcceptance(digging));
  const session = work.connection.type === 'jwt' ? await openSession(digging) : null;
  await step('end', () => ending(digging));
  await step('refusal', () => showsEnd(digging));
  if (session) await step('sessions', () => endsSession(digging, session));
}

async function description({ client }: DocumentEngineWork): Promise<string> {
  const told = await toldBy(client);
  if (!told) return 'it gives out none (GET /api/upstream.yml)';
  const build = told.buildTakesJwt ? 'takes' : 'does not take';
  return `API ${told.version}: an expiry is changed by ${told.change.join(' or ') || 'nothing it names'}, POST /api/build ${build} tokens`;
}

async function withoutToken({ client, connection }: DocumentEngineWork): Promise<string | Warning> {
  const { status } = await askPlainly(client, connection.type);
  return status === 401
    ? 'nobody gets in without one (401)'
    : { warning: `without one the list of secrets answered ${status}, not 401: see what stands before the engine` };
}

/** Its id, and how the list writes its expiry. */
async function addition(digging: Digging): Promise<string> {
  const { work, holder, found, value, ids } = digging;
  const { store, client, connection, ref } = work;
  const listed = await client.secrets();
  currentIn(work, listed);
  const expiries = [
    oddMoment(client.now(), trialMs),
    oddMoment(client.now(), trialMs - 60_000),
    oddMoment(client.now(), trialMs - 120_000),
  ];
  await store.keepProfile(ref.credential, { trial: { at: Date.now(), before: listed.map(({ id }) => id), expiries } });
  await fenced(work, holder);
  if (!(await client.add(value[connection.part] ?? '', expiries[0] ?? '')))
    throw permanent('Rejected', 'Document Engine refused to add a value that nobody holds (400)');
  const isNew = ({ id }: ListedSecret): boolean => listed.every((each) => each.id !== id);
  const [added, ...others] = (await client.secrets()).filter(isSpare).filter(isNew);
  if (!added || others.length > 0)
    throw permanent('Rejected', `${added ? 'more than one' : 'no'} secret is new in the list`);
  ids.add(added.id);
  Object.assign(found, formatOf(added));
  const known = listed.every(({ id }) => id < added.id) ? 'ids rise' : 'ids do not rise';
  return `${known}; an expiry is listed with ${found.precision} digits of a second and ${found.zone || 'no zone'}`;
}

function formatOf({ expiresAt }: Spare): Pick<EngineProfile, 'precision' | 'zone'> {
  const [, fraction = '', zone = ''] = /:\d\d(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?$/.exec(expiresAt) ?? [];
  return { precision: fraction.length, zone };
}

async function duplicate({ work, holder, found, value, ids }: Digging): Promise<string> {
  const { client, store, connection, ref } = work;
  const { trial } = await store.profile(ref.credential);
  await fenced(work, holder);
  const taken = await client.add(value[connection.part] ?? '', trial?.expiries[1] ?? '');
  found.duplicates = taken ? 'allowed' : 'refused';
  for (const { id } of trial ? onTrial(trial, await client.secrets()) : []) ids.add(id);
  return taken ? 'a value may be added that is there already' : 'a value that is there already is refused (400)';
}

async function change(deps: DocumentEngineDeps, { work, holder, found, ids }: Digging): Promise<string> {
  const { client, store, connection, ref } = work;
  const { trial } = await store.profile(ref.credential);
  const [id = 0] = ids;
  await fenced(work, holder);
  const outcome = await client.changeExpiry(id, trial?.expiries[2] ?? '');
  if (outcome !== 'changed') throw permanent('Rejected', `an expiry cannot be changed: it is ${outcome}`);
  found.change = deps.verbs.has(connection.url) ? 'POST' : 'PATCH';
  return `by ${found.change}`;
}

const endsWithinMs = 10_000;

/** Ends everything that was added, and sees whether an expiry may lie in the past. */
async function ending(digging: Digging): Promise<string> {
  const { work, holder, found, ids } = digging;
  const { client } = work;
  for (const id of ids) {
    await fenced(work, holder);
    const outcome = await client.changeExpiry(id, momentPast(client.now()));
    found.pastExpiry = outcome === 'refused' ? 'refused' : 'allowed';
    if (outcome === 'refused') await end(client, id, noMarker);
  }
  await untilGone(client, ...ids);
  return found.pastExpiry === 'allowed'
    ? 'an expiry may lie in the past, and ends a secret at once'
    : 'an expiry may not lie in the past: a secret ends some seconds later';
}

/** Waits until a list has none of these any more. */
export async function untilGone(client: DocumentEngineClient, ...ids: readonly number[]): Promise<void> {
  const began = performance.now();
  while ((await client.secrets()).some(({ id }) => ids.includes(id))) {
    if (performance.now() - began > endsWithinMs)
      throw permanent('Rejected', 'Document Engine still lists a secret whose expiry has passed');
    await delay(200);
  }
}

/** Whatever happened: nothing stays. What cannot be ended now is ended by the next look, or by itself. */
async function tidy({ work, holder }: Digging): Promise<void> {
  const { client, store, ref } = work;
  const { trial } = await store.profile(ref.credential);
  if (!trial) return;
  for (const { id } of onTrial(trial, await client.secrets())) {
    await fenced(work, holder);
    await end(client, id, noMarker);
  }
  await store.keepProfile(ref.credential, { trial: null });
}
