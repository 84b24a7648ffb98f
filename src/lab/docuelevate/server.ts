import type { Incoming } from '../routes.js';
import { type HttpLabServer, type LabOptions, type LabServer, serve } from '../server.js';
import { createAccounts } from './accounts.js';
import { createAgenda } from './agenda.js';
import { type ApiProcess, createApiProcess } from './api-process.js';
import { createApp } from './app.js';
import { type Compose, type ComposeOptions, startCompose } from './compose.js';
import { connectionTestRoutes } from './connection-test.js';
import { createContainers } from './containers.js';
import { withControls } from './controls.js';
import { createStamp } from './database.js';
import { documentRoutes } from './document-routes.js';
import { createDocuments, type Documents, type StepStatus, type Upload } from './documents.js';
import type { ComingLine } from './engine.js';
import { environmentOf, type EnvironmentOptions } from './environment.js';
import { type FileStatus, summarize } from './file-status.js';
import { healthRoutes } from './health-routes.js';
import type { Peers } from './peers.js';
import { createRedis } from './redis.js';
import { serviceRoutes } from './service-routes.js';
import { createSessions } from './sessions.js';
import { settingRoutes } from './setting-routes.js';
import { createSettings, type Memory, type SettingWrite, type Settings } from './settings.js';
import { createUploadLimit } from './upload-limit.js';
import { uploadRoutes } from './upload-routes.js';
import { createWorker, type Worker } from './worker.js';

export type { SftpDestination } from './environment.js';

export interface DocuElevateLabOptions extends LabOptions, EnvironmentOptions {
  /** Number of API processes; one when left out. Each has its own settings in memory. */
  readonly apiProcesses?: number;
  /** Time until the queue statistics answer, real milliseconds. The real engine needs more than six seconds. */
  readonly queueStatsMs?: number;
  /** Whether the worker checks its credentials by itself, after each start and every five minutes. */
  readonly credentialChecks?: boolean;
  /** Whether the worker polls mailboxes, every minute. */
  readonly mailboxPolls?: boolean;
  readonly beforeLine?: DocuElevateLab['beforeLine'];
  /** Systems that it signs in to, besides those with an address of their own. */
  readonly peers?: Peers;
  /** Settings that are in the environment of every process at the start. */
  readonly environment?: Readonly<Record<string, string>>;
  /** With an environment file, and a program that recreates the containers. */
  readonly deployed?: boolean;
  /** Time that a process needs to start where a container was started, real milliseconds; 0 when left out. The real ones need 4 to 7 seconds. */
  readonly bootMs?: number;
}

export interface LabStep {
  readonly name: string;
  readonly status: StepStatus;
}

export interface LabFile {
  readonly id: number;
  readonly name: string;
  readonly status: FileStatus;
  readonly steps: readonly LabStep[];
}

export interface DocuElevateLab extends LabServer {
  readonly adminUsername: string;
  /** The administrator's current password. */
  readonly adminPassword: string;
  /** A valid Bearer token. Its user is never an admin. */
  readonly apiToken: string;
  /** The true value of a setting: the database's row, else the environment, else the engine's default; null when none has it. */
  setting(key: string): string | null;
  /** The value in the memory of the first API process. */
  apiHolds(key: string): string | null;
  /** The value that the worker's next task would use. */
  workerHolds(key: string): string | null;
  /**
   * One use of a credential as the worker's next task would make it: `ai`, `ocr` (with Azure), or an upload to the
   * destination of a name, which may leave a copy. True when it was accepted.
   */
  use(what: string): Promise<boolean>;
  /** Every change of a setting so far, in order, at real times (Unix ms). */
  writes(): readonly SettingWrite[];
  /** A person edits a setting on the settings page. */
  editSetting(key: string, value: string | null, by: string): void;
  setAdminPassword(password: string): void;
  /** The worker restarts from its environment, then reads the database if Redis still has a version. */
  restartWorker(): void;
  /** Restores the database to its state after this many changes of settings, and restarts the API. */
  restoreDatabase(changes: number): void;
  /** Restarts every API process: it reads its environment, and every row overrides it. */
  restartApi(): void;
  /** Changes the environment that processes start from; null removes a value. Running processes keep theirs. */
  setEnvironment(key: string, value: string | null): void;
  /** Changes the file `.env` in the working directory of the processes, which the environment overrides; null removes a value. */
  setDotEnv(key: string, value: string | null): void;
  /** Its environment file and its containers. Null unless it is `deployed`. */
  readonly compose: Compose | null;
  /** As after a restart of Redis, which has no persistence. */
  emptyRedis(): void;
  /** The value of `docuelevate:settings_version` in Redis: null, or a new text after each announced write. */
  settingsVersion: string | null;
  redisKeys(): string[];
  /** While true, no write is announced. Afterwards Redis is empty, and a worker with unfinished tasks has restarted. */
  redisDown: boolean;
  /** Awaited before the worker writes a line into the processing log. A pending promise stops the task there. */
  beforeLine: (line: ComingLine) => Promise<void> | void;
  /** Number of other users' tasks in the queue. A longer queue lowers the upload limit. */
  queueLength: number;
  /** The machine's load per core. A higher load lowers the upload limit. */
  load: number;
  /** The worker's own check of its credentials, with its current values: whether each service accepts them. */
  checkCredentials(): Promise<Readonly<Record<string, boolean>>>;
  /** Ends every session, as after a change of SESSION_SECRET. */
  expireSessions(): void;
  files(): LabFile[];
  /** While true, the worker does not pick up writes. */
  staleWorker: boolean;
  /** While true, a destination that has nothing to do with AI fails every document. */
  brokenDestination: boolean;
}

/** Simulates the parts of DocuElevate 0.188.6 that a rotation uses: its API processes, one worker, and their traps. */
export async function startDocuElevateLab(options: DocuElevateLabOptions): Promise<DocuElevateLab> {
  const { adminUsername = 'admin', queueStatsMs = 0, bootMs = 0, deployed = false, peers = {} } = options;
  const stopped = new AbortController();
  const { signal } = stopped;
  const engine = createEngine(options, signal);
  const { containers, settings, sessions, documents, accounts, redis, processes, worker, agenda, clock } = engine;
  const load = { perCore: 0 };
  const queued = (): number => worker.tasks.waiting() + worker.queueLength;
  const limited = createUploadLimit({ clock, redis, queued, load: () => load.perCore });
  const reachesBroker = async (): Promise<boolean> => {
    const found = containers.found('worker');
    const urls = ['celery_broker_url', 'celery_result_backend'].map((key) => found.get(key) ?? '');
    for (const url of urls) if (await peers['broker']?.logIn({ url })) return false;
    return true;
  };
  const start = (upload: Upload, path: string): string => worker.process(upload, path);
  const routes = {
    ...accounts.routes,
    ...settingRoutes(settings),
    ...healthRoutes({ redis, clock, peers, env: (key) => containers.found('api').get(key) ?? '' }),
    ...connectionTestRoutes(peers, signal),
    ...serviceRoutes({ documents, peers, clock }),
    ...uploadRoutes({ documents, stamp: engine.stamp, limited, start }),
    ...documentRoutes({ documents, worker, queueStatsMs, signal, reachesBroker }),
  };
  const apiToken = accounts.tokens.create(adminUsername, 'of the lab');
  const about = { bearer: (request: Incoming) => accounts.tokens.userOf(request), onRequest: () => agenda.catchUp() };
  const server = await serve(createApp({ ...about, sessions, routes, processes }), options);
  const restart = restarts({ server, processes, worker });
  const compose = deployed ? await startCompose({ containers, restart, signal, bootMs }) : null;
  async function stop(): Promise<void> {
    stopped.abort();
    agenda.stop();
    await Promise.all([server.stop(), compose?.stop()]);
  }
  const plain = { ...server, stop, apiToken, adminUsername, compose, files: () => filesOf(documents) };
  return withControls(plain, { settings, sessions, worker, redis, processes, containers, load });
}

const workerDefaults = { latencyMs: 0, credentialChecks: false, mailboxPolls: false, beforeLine: () => undefined };

/** The engine without its routes. */
function createEngine(options: DocuElevateLabOptions, signal: AbortSignal) {
  const { clock = Date.now, database = 'sqlite', apiProcesses = 1, peers = {}, environment = {} } = options;
  const containers = createContainers(new Map([...environmentOf(options), ...Object.entries(environment)]));
  const stamp = createStamp(database, clock);
  const redis = createRedis(clock);
  const settings = createSettings({ stamp, env: () => containers.found('api'), redis });
  const processes = startApi(settings, () => containers.found('api'), apiProcesses);
  const documents = createDocuments(database, stamp);
  const accounts = createAccounts({ database, clock, stamp, documents, peers, signal });
  const { integrations, mailboxes } = accounts;
  const agenda = createAgenda(clock);
  const worker = createWorker({
    ...{ ...workerDefaults, ...options, settings, redis, documents, clock, agenda, signal, peers },
    env: () => containers.found('worker'),
    container: containers.environment.worker,
    ...{ integrations, mailboxes },
  });
  const sessions = createSessions(clock);
  return { clock, containers, stamp, redis, settings, processes, sessions, documents, accounts, agenda, worker };
}

function startApi(settings: Settings, env: () => Memory, count: number): [ApiProcess, ...ApiProcess[]] {
  const others = Array.from({ length: count - 1 }, () => createApiProcess(settings, env));
  return [createApiProcess(settings, env), ...others];
}

interface Processes {
  readonly server: HttpLabServer;
  readonly processes: readonly ApiProcess[];
  readonly worker: Worker;
}

/** Starts the processes of one container anew. Until they are up, the API refuses connections, and the worker takes no task. */
function restarts({ server, processes, worker }: Processes): ComposeOptions['restart'] {
  return {
    api(up) {
      server.refuse(true);
      up.then(
        () => {
          processes.forEach((process) => process.restart());
          server.refuse(false);
        },
        () => undefined, // the lab has stopped
      );
    },
    worker(up) {
      void worker.gate.block(up.then(() => worker.restart())).catch(() => undefined);
    },
  };
}

/** Every document with the steps that have begun. */
function filesOf(documents: Documents): LabFile[] {
  return documents.files.map((file) => {
    const rows = documents.steps(file.id);
    const steps = rows.filter(({ status }) => status !== 'pending').map(({ name, status }) => ({ name, status }));
    return { id: file.id, name: file.name, status: summarize(file, rows).status, steps };
  });
}
