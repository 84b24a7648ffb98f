import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import type { Agenda } from './agenda.js';
import { type Ai, createAi } from './ai.js';
import { checkCredentials, credentialCheck, repeat, succeeds } from './credential-check.js';
import { uploadTo } from './delivery-tasks.js';
import { createDestinations, type Destination } from './destinations.js';
import type { Documents, FileRecord, Upload } from './documents.js';
import type { ComingLine, Engine } from './engine.js';
import { processDocument } from './intake-task.js';
import { extractMetadata } from './metadata-tasks.js';
import { readWith } from './ocr.js';
import { textOf } from './pdf.js';
import { pollMailboxes } from './imap.js';
import type { Integrations } from './integrations.js';
import type { Mailboxes } from './mailboxes.js';
import type { Peers } from './peers.js';
import { createGate, type Gate } from './gate.js';
import type { Redis } from './redis.js';
import { defaults } from './setting-keys.js';
import type { Memory, Settings } from './settings.js';
import { createTasks, type Job, type Task, type Tasks } from './tasks.js';

export interface WorkerOptions {
  readonly settings: Settings;
  /** What a process that starts now finds. */
  readonly env: () => Memory;
  /** The container's environment. */
  readonly container: ReadonlyMap<string, string>;
  readonly redis: Redis;
  readonly documents: Documents;
  readonly integrations: Integrations;
  readonly mailboxes: Mailboxes;
  readonly clock: Clock;
  readonly agenda: Agenda;
  /** Extra duration of an AI call besides the provider's own time, real milliseconds. */
  readonly latencyMs: number;
  /** Awaited before each log line is written. */
  readonly beforeLine: (line: ComingLine) => Promise<void> | void;
  readonly peers: Peers;
  /** Whether it checks its credentials by itself, after each start and every five minutes. */
  readonly credentialChecks: boolean;
  /** Whether it polls mailboxes, every minute. */
  readonly mailboxPolls: boolean;
  /** Ends all activity. */
  readonly signal: AbortSignal;
}

/** The process that handles documents, with its own settings in memory. */
export interface Worker {
  /** Blocked while the process is not running. Tasks wait meanwhile. */
  readonly gate: Gate;
  readonly tasks: Tasks;
  /** While true, it does not read changed settings. */
  stale: boolean;
  /** While true, one destination fails every document. */
  brokenDestination: boolean;
  /** Number of other users' waiting tasks. */
  queueLength: number;
  /** Awaited before each log line is written. */
  beforeLine: (line: ComingLine) => Promise<void> | void;
  /** The value that the next task would use. */
  holds(key: string): string | null;
  restart(): void;
  /** Redis is back. A worker with unfinished tasks dies then, and its supervisor restarts it. */
  reconnect(): void;
  use(what: string): Promise<boolean>;
  /** The engine's own check, with the worker's values: whether each configured service accepts them. */
  checkCredentials(): Promise<Readonly<Record<string, boolean>>>;
  /** Returns the task's id at once. */
  process(upload: Upload, path: string): string;
  processAgain(file: FileRecord): string;
  /** Null when the working copy is gone. */
  extractAgain(file: FileRecord): string | null;
  /** Null for a destination that the lab does not simulate. */
  uploadAgain(destination: string, file: FileRecord): string | null;
}

export function createWorker(options: WorkerOptions): Worker {
  const { redis, signal, latencyMs, agenda, clock, credentialChecks, mailboxPolls } = options;
  const memory = createMemory(options, () => worker.stale);
  const gate = createGate();
  const pause = async (): Promise<void> => {
    await delay(Math.max(1, latencyMs / 10), undefined, { signal });
    await gate.pass();
    await redis.reachable();
  };
  const tasks = createTasks({ clock, agenda, signal, pause, reload: () => memory.reload() });
  const beforeLine = (line: ComingLine) => worker.beforeLine(line);
  const engine = createEngine(options, { tasks, pause, beforeLine, broken: () => worker.brokenDestination });
  const checkLater = (): unknown => credentialChecks && tasks.start(credentialCheck(engine), 10_000);
  const worker: Worker = {
    ...{ gate, tasks, stale: false, brokenDestination: false, queueLength: 0, beforeLine: options.beforeLine },
    ...usesOf(engine, () => ({ id: '', value: memory.reload() })),
    ...startsOf(engine),
    holds: (key) => memory.held(key),
    restart() {
      memory.restart();
      checkLater();
    },
    reconnect() {
      if (tasks.scheduled().length + tasks.running().length === 0) return;
      tasks.forget();
      worker.restart();
    },
  };
  checkLater();
  const every = (minutes: number, job: Job): void =>
    repeat(agenda, clock, { minutes, callback: () => tasks.start(job) });
  if (credentialChecks) every(5, credentialCheck(engine));
  if (mailboxPolls) every(1, pollMailboxes(engine));
  return worker;
}

type EngineParts = Pick<Engine, 'tasks' | 'pause'> &
  Pick<WorkerOptions, 'beforeLine'> & { readonly broken: () => boolean };

function createEngine(options: WorkerOptions, { tasks, pause, broken, beforeLine }: EngineParts): Engine {
  const { documents, integrations, mailboxes, settings, container: env, signal, latencyMs, peers } = options;
  return {
    ...{ documents, integrations, mailboxes, tasks, peers, signal, pause },
    storeToken: (value) => settings.write('onedrive_refresh_token', value, 'onedrive_token_rotation'),
    destinations: createDestinations({ env, peers, signal, broken }),
    ai: createAi({ latencyMs, peers, signal }),
    async log(line) {
      await beforeLine(line);
      documents.log(line);
    },
  };
}

/** One use of a credential, with the values that a task starting now would use. */
function usesOf(engine: Engine, now: () => Task): Pick<Worker, 'use' | 'checkCredentials'> {
  const { ai, destinations, peers, signal } = engine;
  return {
    use(what) {
      if (what === 'ai') return succeeds(useAi(ai, now()));
      if (what === 'ocr') return succeeds(readWith(now(), 'azure', { bytes: probe, peers, signal }));
      return succeeds(tryUpload(destinations, what, now()));
    },
    checkCredentials: () => checkCredentials(engine, now()),
  };
}

function startsOf(engine: Engine): Pick<Worker, 'process' | 'processAgain' | 'extractAgain' | 'uploadAgain'> {
  const { documents, tasks, destinations } = engine;
  return {
    process(upload, path) {
      documents.disk.set(path, upload.bytes);
      return tasks.start(
        processDocument(engine, { path, name: upload.name, type: upload.type, owner: upload.owner ?? null }),
      );
    },
    processAgain: ({ id, local, name, type, owner }) =>
      tasks.start(processDocument(engine, { path: local, name, type, owner, again: id })),
    extractAgain({ id, local }) {
      const bytes = documents.disk.get(local);
      return bytes ? tasks.start(extractMetadata(engine, { file: basename(local), id, text: textOf(bytes) })) : null;
    },
    uploadAgain(name, { id, processed }) {
      const destination = destinations.find((each) => each.name === name);
      return destination
        ? tasks.start(uploadTo(engine, destination, { id, path: processed ?? '', again: true }))
        : null;
    },
  };
}

const probe = Buffer.from('%PDF-1.4');

async function useAi(ai: Ai, task: Task): Promise<void> {
  if (!ai.configured(task)) throw new Error('there is no key');
  await ai.chat(task, 'Is anybody there?');
}

/**
 * A worker starts with only the environment. Before a task it reads the rows if Redis has another version than the last one it read. When
 * Redis is empty, it continues with its values.
 */
function createMemory({ settings, env, redis }: WorkerOptions, stale: () => boolean) {
  let memory: Memory = env();
  let [seen, fresh]: [string | null, boolean] = [null, false];
  function load(): void {
    const first = fresh;
    fresh = false;
    if ((stale() && !first) || redis.version === null || redis.version === seen) return;
    memory = settings.over(memory);
    seen = redis.version;
  }
  const valueIn = (held: Memory, key: string) => (held.has(key) ? held.get(key) : defaults.get(key)) ?? null;
  return {
    /** The settings of a task that starts now. They stay the same until it ends. */
    reload(): (key: string) => string {
      load();
      const held = memory;
      return (key) => valueIn(held, key) ?? '';
    },
    held(key: string): string | null {
      load();
      return valueIn(memory, key);
    },
    restart() {
      memory = env();
      [seen, fresh] = [null, true];
    },
  };
}

async function tryUpload(destinations: readonly Destination[], wanted: string, task: Task): Promise<void> {
  const destination = destinations.find((each) => each.name === wanted);
  if (!destination?.configured(task)) throw new Error('not configured');
  const ended = await destination.upload(task, { name: 'probe.pdf', bytes: probe, note: () => Promise.resolve() });
  if ('failures' in ended && ended.failures.length > 0) throw new Error(ended.failures.at(-1));
}
