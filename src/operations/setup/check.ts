import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import type { DeepCheck } from '../../../activities/document-engine/deep.js';
import type { AccessCheck } from '../../../activities/shared/access.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import { catalog } from '../../../workflows/catalog.js';
import { loadConfig } from '../../config/load.js';
import { credentialOf } from '../../config/policy.js';
import type { Config } from '../../config/schema.js';
import { counted } from '../../domain/counted.js';
import type { EngineKind } from '../../domain/procedure.js';
import { taskQueueOf } from '../../domain/temporal-names.js';
import { UserError } from '../../domain/user-error.js';
import { loadKeyRing } from '../../store/key-ring.js';
import { readEnvironment } from '../../temporal/environment.js';
import { findEmbeddedServer } from '../../temporal/embedded.js';
import { configuredTarget } from '../../temporal/settings.js';
import { environmentCheck } from './check-environment.js';
import { checkFiles } from './check-files.js';
import { passwordsRotatedApart } from './check-logins.js';
import { certificatesToRenew, openToOthers, scheduleCheck } from './check-temporal.js';
import { explain } from '../session/explain.js';
import { locateTemporal } from './locate-temporal.js';
import { planOf } from '../rotate/outlook.js';
import { totalsOf } from '../rotate/plan.js';
import { requireNewest } from '../records/ledger-anchor.js';
import { knownCredential, reachTemporal, workersOf } from '../session/reach.js';
import { whyUnreadable } from './check-values.js';
import { openSession, type Session } from '../session/session.js';

/** The result of one check. */
export interface Check extends AccessCheck {
  /** Nothing is wrong: it is not there yet, and `next` says how to get it. */
  readonly note?: true;
  /** What to do about it; null where it is right, or where that is not known. */
  readonly next: string | null;
}

export interface CheckOptions {
  /** The configuration file. */
  readonly file: string;
  /** All of them when empty. */
  readonly credentials: readonly string[];
  /** Also measures how the engines behave where their vendors' documentation is silent. Uses throwaway values; nothing stays. */
  readonly deep?: boolean;
  /** With `deep`: also rotates each current value to itself. */
  readonly rotateToItself?: boolean;
  /** With `deep`, around a restart of the engine: whether it keeps what was set through its API. */
  readonly restart?: 'before' | 'after';
  /** Called before a request that may take long. */
  readonly onAsking?: (what: string) => void;
}

/** Checks everything that a rotation needs, and yields each result as soon as it is known. Changes nothing that stays. Throws a UsageError for a credential that is not configured. */
export async function* check(options: CheckOptions): AsyncGenerator<Check> {
  const { file, credentials, onAsking = () => undefined } = options;
  yield { what: 'Node.js', ok: true, detail: process.versions.node, next: null };
  yield (await attempt('Temporal server', temporalServer, () => readEnvironment().server === undefined)).check;
  const loaded = await attempt('configuration', () => configuration(file));
  yield loaded.check;
  if (!loaded.value) return;
  const config = loaded.value;
  yield* protection(file, config);
  const names = credentials.length > 0 ? credentials : Object.keys(config.credentials);
  for (const name of names) knownCredential(config, name);
  const ring = await checkOf('key ring', () => keyRing(config));
  yield ring;
  if (!ring.ok) return;
  const opened = await attempt('store', () => store(file));
  yield opened.check;
  if (!opened.value) return;
  try {
    yield* outside(opened.value, { names, onAsking });
    if (options.deep) for (const name of names) yield* deeply(opened.value, deepCheckOf(name, options));
  } finally {
    await opened.value.close();
  }
}

function deepCheckOf(credential: string, { rotateToItself = false, restart }: CheckOptions): DeepCheck {
  return { credential, rotatesToItself: rotateToItself, ...(restart && { restart }) };
}

/** A value for the checks that follow, and a sentence about it. */
type Observed<T> = readonly [value: T, detail: string];

async function attempt<T>(
  what: string,
  see: () => Promise<Observed<T>>,
  isNote: (error: unknown) => boolean = () => false,
): Promise<{ check: Check; value?: T }> {
  try {
    const [value, detail] = await see();
    return { value, check: { what, ok: true, detail, next: null } };
  } catch (error) {
    const { what: detail, next } = explain(error);
    return { check: isNote(error) ? { what, ok: true, note: true, detail, next } : { what, ok: false, detail, next } };
  }
}

/** What `keyturn up` starts is missing before it runs. That is no failure, unless another server is configured. */
function isNotYet(error: unknown): boolean {
  return error instanceof UserError && configuredTarget(readEnvironment()) === null;
}

async function checkOf(what: string, see: () => Promise<string>): Promise<Check> {
  return (await attempt(what, async () => [null, await see()])).check;
}

async function temporalServer(): Promise<Observed<null>> {
  const environment = readEnvironment();
  const configured = configuredTarget(environment);
  return [
    null,
    configured ? `not needed: the server at ${configured.address} is configured` : await locateTemporal(environment),
  ];
}

async function configuration(file: string): Promise<Observed<Config>> {
  const config = loadConfig(file, catalog);
  return [config, `${file}: ${Object.keys(config.credentials).join(', ') || 'no credential yet'}`];
}

async function* protection(file: string, config: Config): AsyncGenerator<Check> {
  for (const each of await checkFiles(file, config)) yield { ...each, next: null };
}

async function keyRing({ keyRing: source }: Config): Promise<string> {
  if (!('file' in source)) return `in the environment variable ${source.env}`;
  const { installation } = await loadKeyRing(source);
  const { mode } = await stat(source.file);
  return `${source.file}, mode 0${(mode & 0o777).toString(8)}, installation ${installation}`;
}

async function store(file: string): Promise<Observed<Session>> {
  const session = await openSession({ file });
  const { entries, brokenAt } = await session.store.verifyLedger(); // opening it has checked the states
  const why = brokenAt === null ? await whyUnreadable(session) : null;
  if (brokenAt === null && why === null)
    return [
      session,
      `${session.config.store.file}, ${counted(entries, 'ledger entry', 'ledger entries')}, chain intact`,
    ];
  await session.close();
  if (why !== null) throw why;
  throw new UserError(`The ledger's chain is broken at entry ${brokenAt}`, {
    state: 'Nothing was changed.',
    next: 'Compare the database with its backup: this entry or a later one was changed or removed.',
  });
}

interface Outside extends Required<Pick<CheckOptions, 'onAsking'>> {
  readonly names: readonly string[];
}

async function* outside(session: Session, { names, onAsking }: Outside): AsyncGenerator<Check> {
  onAsking('Temporal');
  const isRunning = (await findEmbeddedServer(session.config.data)) !== null;
  const { check: server, value: reached } = await attempt(
    'Temporal',
    () => temporal(session),
    (error) => !isRunning && isNotYet(error),
  );
  yield server;
  if (reached) {
    const { client, target } = reached;
    const exposure = await openToOthers(target);
    if (exposure !== null) yield { what: 'Temporal', ok: true, warning: true, detail: exposure, next: null };
    yield (await attempt('workers', () => workers(client, taskQueueOf(session.store.installation)), isNotYet)).check;
    yield await checkOf('newest ledger', () => newest(session, client));
    for (const name of names) yield* scheduleCheck(session, client, name);
    await client.connection.close();
  }
  for (const name of names) yield* access(session, name, onAsking);
  for (const [engine, users] of usersOfEngines(session.config, names)) {
    yield* engineItself(session, engine, users);
    if (session.config.engines[engine]?.kind === 'docuelevate') yield* passwordsRotatedApart(session, engine, users);
  }
}

async function temporal({ config }: Session): Promise<Observed<Awaited<ReturnType<typeof reachTemporal>>>> {
  const { client, target } = await reachTemporal(config);
  const ending = target.embedded ? certificatesToRenew(config.data) : null;
  const where = `${target.address}${target.embedded ? ' (embedded)' : ''}, namespace ${target.namespace}`;
  return [{ client, target }, [where, ...(ending === null ? [] : [ending])].join('; ')];
}

async function newest(session: Session, client: Client): Promise<string> {
  await requireNewest(session, client);
  return 'Temporal knows of no later entry than the store has';
}

async function workers(client: Client, taskQueue: string): Promise<Observed<null>> {
  const count = await workersOf(client, taskQueue);
  if (count > 0) return [null, 'ready for rotations'];
  throw new UserError('none is running', {
    state: 'Rotations can be started; they wait.',
    next: 'Start one: keyturn up, or keyturn worker',
  });
}

async function* access(session: Session, credential: string, onAsking: Outside['onAsking']): AsyncGenerator<Check> {
  const { engine, provider } = knownCredential(session.config, credential);
  const writer = { workflowId: `check/${credential}`, runId: '' };
  for (const system of new Set<string>([engine, provider, 'delivery', ...deploymentOf(engine)])) {
    const checkAccess = checkerOf(session, `${system}.checkAccess`);
    if (!checkAccess) continue;
    onAsking(`${credential}: ${system}`);
    const found = await runDirectly(writer, () => checkAccess(credential));
    for (const each of found) yield { ...each, what: `${credential}: ${system} ${each.what}`, next: null };
  }
  yield* environmentCheck(session, credential);
}

async function* deeply(session: Session, wanted: DeepCheck): AsyncGenerator<Check> {
  const { credential } = wanted;
  const { engine } = knownCredential(session.config, credential);
  const checkDeep = session.activities[`${engine}.checkDeep`] as
    ((wanted: DeepCheck) => Promise<AccessCheck[]>) | undefined;
  if (!checkDeep) {
    const detail = `there is nothing to measure at this engine`;
    yield { what: `${credential}: deep`, ok: true, detail, next: null };
    return;
  }
  const writer = { workflowId: `check/${credential}`, runId: randomUUID() };
  for (const each of await runDirectly(writer, () => checkDeep(wanted)))
    yield { ...each, what: `${credential}: deep, ${each.what}`, next: null };
}

/** The credentials that were asked for, by the engine that uses them. */
function usersOfEngines(config: Config, names: readonly string[]): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const name of names) {
    const engine = credentialOf(config, name).engine;
    users.set(engine, [...(users.get(engine) ?? []), name]);
  }
  return users;
}

/** What an engine says of itself, and how many documents a rotation leaves there. */
async function* engineItself(session: Session, engine: string, users: readonly string[]): AsyncGenerator<Check> {
  const [first = ''] = users;
  const { engine: kind } = knownCredential(session.config, first);
  for (const system of [kind, ...deploymentOf(kind)]) {
    const checkEngine = checkerOf(session, `${system}.checkEngine`);
    if (!checkEngine) continue;
    const found = await runDirectly({ workflowId: `check/${first}`, runId: '' }, () => checkEngine(first));
    for (const each of found) {
      const counts = each.warning && each.what === 'test documents' ? await documentsOf(session, users) : '';
      yield { ...each, what: `${engine}: ${each.what}`, detail: `${each.detail}${counts}`, next: null };
    }
  }
}

/** The system that knows how an engine of this kind is run. */
function deploymentOf(kind: EngineKind): string[] {
  return kind === 'docuelevate' ? ['deployment'] : [];
}

async function documentsOf(session: Session, users: readonly string[]): Promise<string> {
  const counts: string[] = [];
  for (const credential of users) {
    const { plan } = await planOf(session, { credential, actor: 'check' });
    counts.push(`${credential} ${totalsOf(plan).testDocuments}`);
  }
  return `. Test documents of a rotation without retries: ${counts.join(', ')}`;
}

function checkerOf({ activities }: Session, name: string) {
  return activities[name] as ((credential: string) => Promise<AccessCheck[]>) | undefined;
}
