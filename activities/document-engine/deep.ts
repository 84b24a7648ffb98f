import { parse } from 'yaml';
import { z } from 'zod';
import type { EngineProfile } from '../../src/domain/engine-profile.js';
import { type AccessCheck, accessCheck, type Warning } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import { contextOf, type EngineContext, type DocumentEngineDeps, end } from './context.js';
import { newValue } from './keys.js';
import { momentPast, type Spare } from './marker.js';
import { requestTo } from './requests.js';
import {
  beginTrial,
  endTrial,
  fenced,
  inItsPlace,
  keptThroughRestart,
  onTrial,
  prepareRestart,
  restartCheck,
} from './trial.js';
import { endsSession, openSession, rotateToItself, showsAcceptance, showsEnd, untilGone } from './watching.js';

export interface DeepCheck {
  readonly credential: string;
  /** Also rotates to the current value itself, to observe the effect on the former current secret. */
  readonly rotatesToItself: boolean;
  /** `before`: only adds a secret that a restart has to keep. `after`: a person has restarted the engine since. */
  readonly restart?: 'before' | 'after';
}

/** State and results of one deep check. */
export interface DeepRun {
  /** Its version is number 0 where none is in force, so no rotation is possible. */
  readonly context: EngineContext;
  /** A throwaway value, by parts. */
  readonly value: Readonly<Record<string, string>>;
  readonly found: { -readonly [K in keyof EngineProfile]: EngineProfile[K] };
  /** The secrets that it added. */
  readonly ids: Set<number>;
}

/**
 * Finds out undocumented behavior of an engine, with throwaway values that expire within ten minutes. Stores the results as the engine's
 * profile, which procedures follow.
 */
export async function checkDeep(deps: DocumentEngineDeps, wanted: DeepCheck): Promise<AccessCheck[]> {
  const { credential, rotatesToItself, restart } = wanted;
  const checks: AccessCheck[] = [];
  const whole = await accessCheck('trial', () =>
    inItsPlace(deps.store, credential, async (holder) => {
      const context = await contextOf(deps, holder ?? { credential, number: 0, fence: 0 });
      context.verbs.delete(context.connection.url);
      const kept = restart === 'after' ? await keptThroughRestart(context) : (context.known.profile?.restart ?? null);
      const cleared = await endTrial(context);
      if (restart === 'before') return prepareRestart(context);
      const run = await begin(context);
      run.found.restart = kept;
      if (restart === 'after') checks.push(restartCheck(kept));
      const step: Step = async (what, inspect) => {
        const check = await accessCheck(what, inspect);
        checks.push(check);
        if (!check.ok) throw permanent('Rejected', `${what}: ${check.detail}`);
      };
      try {
        await runSteps(run, step);
        if (rotatesToItself) await step('rotate', () => rotateToItself(run));
      } finally {
        await endTrial(context);
      }
      await context.store.keepProfile(credential, { profile: run.found, seen: run.found.version });
      return `left no secrets behind${cleared > 0 ? `, and removed ${cleared} of an earlier one` : ''}; the results are stored`;
    }),
  );
  return [...checks, whole];
}

type Step = (what: string, inspect: () => Promise<string | Warning>) => Promise<void>;

async function begin(context: EngineContext): Promise<DeepRun> {
  const { client, connection } = context;
  await client.isThere();
  const found: DeepRun['found'] = {
    ...{ at: Date.now(), version: client.version, change: null, precision: 0, zone: '', duplicates: 'refused' },
    ...{ pastExpiry: null, rotate: null, probe: null, lagMs: null, sessions: null },
    restart: null,
  };
  return { context, found, value: await newValue(connection.type, connection.jwt.algorithm), ids: new Set() };
}

async function runSteps(run: DeepRun, step: Step): Promise<void> {
  const { context } = run;
  await step('description', () => description(context));
  await step('token', () => withoutToken(context));
  await step('addition', () => addition(run));
  await step('a value twice', () => duplicate(run));
  await step('change of an expiry', () => change(run));
  await step('acceptance', () => showsAcceptance(run));
  const session = context.connection.type === 'jwt' ? await openSession(run) : null;
  await step('end', () => ending(run));
  await step('refusal', () => showsEnd(run));
  if (session) await step('sessions', () => endsSession(run, session));
}

const Description = z.object({
  info: z.object({ version: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
});
const Secured = z.object({ security: z.array(z.record(z.string(), z.unknown())).optional() });

/** Reads the engine's own description, as the vendor's MCP client does at its start. */
async function description({ client }: EngineContext): Promise<string> {
  const described = Description.safeParse(yamlOf((await client.description()) ?? ''));
  if (!described.success) return 'the engine has none (GET /api/upstream.yml)';
  const { info, paths } = described.data;
  const path = Object.keys(paths).find((each) => /^\/api\/secrets\/\{[^}]+\}\/\{[^}]+\}$/.test(each)) ?? '';
  const methods = Object.keys(paths[path] ?? {}).filter((method) => /^(patch|post|put)$/.test(method));
  const change = methods.map((method) => method.toUpperCase()).join(' or ') || 'an unnamed method';
  const { security = [] } = Secured.safeParse(paths['/api/build']?.['post']).data ?? {};
  const build = security.some((scheme) => 'JWT' in scheme) ? 'accepts' : 'does not accept';
  return `API ${info.version}: an expiry is changed by ${change}, POST /api/build ${build} tokens`;
}

function yamlOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return null;
  }
}

async function withoutToken({ client, connection: { type } }: EngineContext): Promise<string | Warning> {
  const allow = [301, 302, 303, 307, 401, 403, 404];
  const { status } = await client.question({ ...requestTo('listSecrets', { type }), allow });
  const warning = `without one the list of secrets answered ${status}, not 401: check what stands in front of the engine`;
  return status === 401 ? 'required (401 without one)' : { warning };
}

/** Adds a secret, and reads from the list its id and the format of its expiry. */
async function addition(run: DeepRun): Promise<string> {
  const { context, value, found, ids } = run;
  const { trial, added } = await beginTrial(context, value);
  ids.add(added.id);
  Object.assign(found, formatOf(added));
  const rise = trial.before.every((id) => id < added.id) ? 'ids rise' : 'ids do not rise';
  return `${rise}; an expiry is listed with ${found.precision} digits of a second and ${found.zone || 'no zone'}`;
}

function formatOf({ expiresAt }: Spare): Pick<EngineProfile, 'precision' | 'zone'> {
  const [, fraction = '', zone = ''] = /:\d\d(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?$/.exec(expiresAt) ?? [];
  return { precision: fraction.length, zone };
}

async function duplicate(run: DeepRun): Promise<string> {
  const { client, store, connection, ref } = run.context;
  const { trial } = await store.profile(ref.credential);
  await fenced(run.context);
  const isAdded = await client.add(run.value[connection.part] ?? '', trial?.expiries[1] ?? '');
  run.found.duplicates = isAdded ? 'allowed' : 'refused';
  for (const { id } of trial ? onTrial(trial, await client.secrets()) : []) run.ids.add(id);
  return isAdded ? 'the same value can be added twice' : 'a second addition of the same value is refused (400)';
}

async function change(run: DeepRun): Promise<string> {
  const { client, store, connection, ref, verbs } = run.context;
  const { trial } = await store.profile(ref.credential);
  const [id = 0] = run.ids;
  await fenced(run.context);
  const outcome = await client.changeExpiry(id, trial?.expiries[2] ?? '');
  if (outcome !== 'changed') throw permanent('Rejected', `an expiry cannot be changed: the answer was "${outcome}"`);
  run.found.change = verbs.has(connection.url) ? 'POST' : 'PATCH';
  return `by ${run.found.change}`;
}

/** Ends every added secret, and finds out whether an expiry in the past is accepted. */
async function ending(run: DeepRun): Promise<string> {
  const { client } = run.context;
  for (const id of run.ids) {
    await fenced(run.context);
    const outcome = await client.changeExpiry(id, momentPast(client.now()));
    run.found.pastExpiry = outcome === 'refused' ? 'refused' : 'allowed';
    if (outcome === 'refused') await end(client, id);
  }
  await untilGone(client, ...run.ids);
  return run.found.pastExpiry === 'allowed'
    ? 'an expiry in the past is accepted and ends a secret at once'
    : 'an expiry in the past is refused: a secret ends some seconds later';
}
