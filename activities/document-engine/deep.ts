import { setTimeout as delay } from 'node:timers/promises';
import type { EngineProfile } from '../../src/domain/engine-profile.js';
import type { VersionRef } from '../../src/domain/version.js';
import { type AccessCheck, accessCheck, type Warning } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import type { DocumentEngineDeps } from './activities.js';
import type { DocumentEngineClient } from './client.js';
import { readDescription } from './description.js';
import { newValue } from './keys.js';
import { isSpare, momentPast, noMarker, type Spare } from './marker.js';
import type { ListedSecret } from './schemas.js';
import { askPlainly } from './questions.js';
import { keptThroughRestart, prepareRestart, restartCheck } from './restart.js';
import { rotateToItself } from './self-rotation.js';
import { currentIn, end, contextOf, type DocumentEngineContext } from './context.js';
import { clearTrial, fenced, inItsPlace, oddMoment, onTrial, trialMs } from './trial.js';
import { endsSession, openSession, showsAcceptance, showsEnd } from './watching.js';

export interface DeepCheck {
  readonly credential: string;
  /** Also rotates to the current value itself, to observe the effect on the former current secret. */
  readonly rotatesToItself: boolean;
  /** `before`: only adds a secret that a restart has to keep. `after`: a person has restarted the engine since. */
  readonly restart?: 'before' | 'after';
}

/** State and results of one deep check. */
export interface DeepRun {
  readonly context: DocumentEngineContext;
  /** Null where no version is in force, so no rotation is possible. */
  readonly holder: VersionRef | null;
  readonly found: { -readonly [K in keyof EngineProfile]: EngineProfile[K] };
  /** A throwaway value, by parts. */
  readonly value: Readonly<Record<string, string>>;
  readonly ids: Set<number>;
}

/**
 * Finds out undocumented behavior of an engine, with throwaway values that expire within ten minutes. Stores the results as the engine's
 * profile, which procedures follow.
 */
export async function checkDeep(
  deps: DocumentEngineDeps,
  { credential, rotatesToItself, restart }: DeepCheck,
): Promise<AccessCheck[]> {
  const checks: AccessCheck[] = [];
  const whole = await accessCheck('trial', () =>
    inItsPlace(deps, credential, async (holder) => {
      const context = await contextOf(deps, holder ?? { credential, number: 0, fence: 0 });
      deps.verbs.delete(context.connection.url);
      const kept = restart === 'after' ? await keptThroughRestart(context) : (context.known.profile?.restart ?? null);
      const cleared = await clearTrial(context, holder);
      if (restart === 'before') return prepareRestart(context, holder);
      const run = await begin(context, holder);
      run.found.restart = kept;
      if (restart === 'after') checks.push(restartCheck(kept));
      const step = async (what: string, inspect: () => Promise<string | Warning>): Promise<void> => {
        const check = await accessCheck(what, inspect);
        checks.push(check);
        if (!check.ok) throw permanent('Rejected', `${what}: ${check.detail}`);
      };
      try {
        await runSteps(deps, run, step);
        if (rotatesToItself) await step('rotate', () => rotateToItself(run));
      } finally {
        await tidy(run);
      }
      await context.store.keepProfile(credential, { profile: run.found, seen: run.found.version });
      return `left no secrets behind${cleared > 0 ? `, and removed ${cleared} of an earlier one` : ''}; the results are stored`;
    }),
  );
  return [...checks, whole];
}

type Step = (what: string, inspect: () => Promise<string | Warning>) => Promise<void>;

async function begin(context: DocumentEngineContext, holder: VersionRef | null): Promise<DeepRun> {
  const { client, connection } = context;
  await client.isThere();
  const found: DeepRun['found'] = {
    ...{ at: Date.now(), version: client.version, change: null, precision: 0, zone: '', duplicates: 'refused' },
    ...{ pastExpiry: null, rotate: null, probe: null, lagMs: null, sessions: null },
    restart: null,
  };
  return { context, holder, found, value: await newValue(connection.type, connection.jwt.algorithm), ids: new Set() };
}

async function runSteps(deps: DocumentEngineDeps, run: DeepRun, step: Step): Promise<void> {
  const { context } = run;
  await step('description', () => description(context));
  await step('token', () => withoutToken(context));
  await step('addition', () => addition(run));
  await step('a value twice', () => duplicate(run));
  await step('change of an expiry', () => change(deps, run));
  await step('acceptance', () => showsAcceptance(run));
  const session = context.connection.type === 'jwt' ? await openSession(run) : null;
  await step('end', () => ending(run));
  await step('refusal', () => showsEnd(run));
  if (session) await step('sessions', () => endsSession(run, session));
}

async function description({ client }: DocumentEngineContext): Promise<string> {
  const described = await readDescription(client);
  if (!described) return 'the engine has none (GET /api/upstream.yml)';
  const build = described.buildTakesJwt ? 'accepts' : 'does not accept';
  const change = described.change.join(' or ') || 'an unnamed method';
  return `API ${described.version}: an expiry is changed by ${change}, POST /api/build ${build} tokens`;
}

async function withoutToken({ client, connection }: DocumentEngineContext): Promise<string | Warning> {
  const { status } = await askPlainly(client, connection.type);
  return status === 401
    ? 'required (401 without one)'
    : {
        warning: `without one the list of secrets answered ${status}, not 401: check what stands in front of the engine`,
      };
}

/** Adds a secret, and reads from the list its id and the format of its expiry. */
async function addition(run: DeepRun): Promise<string> {
  const { context, holder, found, value, ids } = run;
  const { store, client, connection, ref } = context;
  const listed = await client.secrets();
  currentIn(context, listed);
  const expiries = [
    oddMoment(client.now(), trialMs),
    oddMoment(client.now(), trialMs - 60_000),
    oddMoment(client.now(), trialMs - 120_000),
  ];
  await store.keepProfile(ref.credential, { trial: { at: Date.now(), before: listed.map(({ id }) => id), expiries } });
  await fenced(context, holder);
  if (!(await client.add(value[connection.part] ?? '', expiries[0] ?? '')))
    throw permanent('Rejected', 'Document Engine refused to add a new value (400)');
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

async function duplicate({ context, holder, found, value, ids }: DeepRun): Promise<string> {
  const { client, store, connection, ref } = context;
  const { trial } = await store.profile(ref.credential);
  await fenced(context, holder);
  const isAdded = await client.add(value[connection.part] ?? '', trial?.expiries[1] ?? '');
  found.duplicates = isAdded ? 'allowed' : 'refused';
  for (const { id } of trial ? onTrial(trial, await client.secrets()) : []) ids.add(id);
  return isAdded ? 'the same value can be added twice' : 'a second addition of the same value is refused (400)';
}

async function change(deps: DocumentEngineDeps, { context, holder, found, ids }: DeepRun): Promise<string> {
  const { client, store, connection, ref } = context;
  const { trial } = await store.profile(ref.credential);
  const [id = 0] = ids;
  await fenced(context, holder);
  const outcome = await client.changeExpiry(id, trial?.expiries[2] ?? '');
  if (outcome !== 'changed') throw permanent('Rejected', `an expiry cannot be changed: the answer was "${outcome}"`);
  found.change = deps.verbs.has(connection.url) ? 'POST' : 'PATCH';
  return `by ${found.change}`;
}

const endsWithinMs = 10_000;

/** Ends every added secret, and finds out whether an expiry in the past is accepted. */
async function ending(run: DeepRun): Promise<string> {
  const { context, holder, found, ids } = run;
  const { client } = context;
  for (const id of ids) {
    await fenced(context, holder);
    const outcome = await client.changeExpiry(id, momentPast(client.now()));
    found.pastExpiry = outcome === 'refused' ? 'refused' : 'allowed';
    if (outcome === 'refused') await end(client, id, noMarker);
  }
  await untilGone(client, ...ids);
  return found.pastExpiry === 'allowed'
    ? 'an expiry in the past is accepted and ends a secret at once'
    : 'an expiry in the past is refused: a secret ends some seconds later';
}

/** Waits until the list has none of these secrets. */
export async function untilGone(client: DocumentEngineClient, ...ids: readonly number[]): Promise<void> {
  const began = performance.now();
  while ((await client.secrets()).some(({ id }) => ids.includes(id))) {
    if (performance.now() - began > endsWithinMs)
      throw permanent('Rejected', 'Document Engine still lists a secret whose expiry has passed');
    await delay(200);
  }
}

/** Ends the remaining secrets of the trial, also after a failure. Otherwise the next deep check ends them, or they expire. */
async function tidy({ context, holder }: DeepRun): Promise<void> {
  const { client, store, ref } = context;
  const { trial } = await store.profile(ref.credential);
  if (!trial) return;
  for (const { id } of onTrial(trial, await client.secrets())) {
    await fenced(context, holder);
    await end(client, id, noMarker);
  }
  await store.keepProfile(ref.credential, { trial: null });
}
