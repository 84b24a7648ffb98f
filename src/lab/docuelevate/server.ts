import type { Incoming } from '../routes.js';
import { type LabOptions, type LabServer, serve } from '../server.js';
import { createAccounts } from './accounts.js';
import { createAgenda } from './agenda.js';
import { type ApiProcess, createApiProcess } from './api-process.js';
import { createApp } from './app.js';
import { connectionTestRoutes } from './connection-test.js';
import { withControls } from './controls.js';
import { createStamp } from './database.js';
import type { ScriptedDestination } from './destinations.js';
import { documentRoutes } from './document-routes.js';
import { createDocuments, type Documents, type StepStatus, type Upload } from './documents.js';
import type { ComingLine } from './engine.js';
import { environmentOf, type EnvironmentOptions } from './environment.js';
import { type FileStatus, summarize } from './file-status.js';
import { healthRoutes } from './health-routes.js';
import { createRedis } from './redis.js';
import { createSessions } from './sessions.js';
import { settingRoutes } from './setting-routes.js';
import { createSettings, type SettingWrite, type Settings } from './settings.js';
import { createUploadLimit } from './upload-limit.js';
import { uploadRoutes } from './upload-routes.js';
import { createWorker } from './worker.js';

export type { SftpDestination } from './environment.js';

export interface DocuElevateLabOptions extends LabOptions, EnvironmentOptions {
  /** How many processes serve the API; one when left out. Each has its own memory of the settings. */
  readonly apiProcesses?: number;
  /** Real milliseconds until the queue's numbers are there; the real one needs more than six seconds. */
  readonly queueStatsMs?: number;
  /** Whether the worker tries its credentials by itself, after each start and every five minutes. */
  readonly credentialChecks?: boolean;
  readonly beforeLine?: DocuElevateLab['beforeLine'];
  /** Destinations without a server, which do as somebody saw it. */
  readonly scripted?: readonly ScriptedDestination[];
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
  /** The one that works now. */
  readonly adminPassword: string;
  /** A valid Bearer token: logged in, never admin. */
  readonly apiToken: string;
  /** The truth of a setting: the database's row, else the environment; null when neither has it. */
  setting(key: string): string | null;
  /** What the worker's next task would use. */
  workerHolds(key: string): string | null;
  /** One AI call as the worker's next task would make it. */
  useAi(): Promise<boolean>;
  /** One document read by Azure as the worker's next task would have it read. */
  useOcr(): Promise<boolean>;
  /** One document uploaded to S3 as the worker's next task would upload it. */
  useS3(): Promise<boolean>;
  /** Every change of a setting so far, in order, at real times (Unix ms). */
  writes(): readonly SettingWrite[];
  /** One document put onto the SFTP server as the worker's next task would put it there. */
  useSftp(): Promise<boolean>;
  /** One document put into Nextcloud as the worker's next task would put it there; it leaves a copy. */
  useNextcloud(): Promise<boolean>;
  /** One document posted to Paperless as the worker's next task would post it. True when it was taken, whatever is told of it later. */
  usePaperless(): Promise<boolean>;
  /** A person's edit in the settings page. */
  editSetting(key: string, value: string | null, by: string): void;
  setAdminPassword(password: string): void;
  /** The worker starts again from its environment, then reads the database if Redis still knows of a change. */
  restartWorker(): void;
  /** The database is put back to how it was after so many changes of settings; the API starts again. */
  restoreDatabase(changes: number): void;
  /** Every API process starts again: from its environment, with every row over it. */
  restartApi(): void;
  /** Changes the environment that processes start from; null takes a value out. What runs keeps what it has. */
  setEnvironment(key: string, value: string | null): void;
  /** As after a restart of Redis, which keeps nothing on disk. */
  emptyRedis(): void;
  /** What Redis has under `docuelevate:settings_version`: null, or another text after each announced write. */
  settingsVersion: string | null;
  redisKeys(): string[];
  /** While true, no write is announced. Afterwards Redis is empty, and a worker with unfinished tasks has been started again. */
  redisDown: boolean;
  /** Awaited before the worker writes a line into the processing log: who keeps it waiting stops a task there. */
  beforeLine: (line: ComingLine) => Promise<void> | void;
  /** How many tasks of others wait in the queue. The upload limit falls with it. */
  queueLength: number;
  /** The machine's load per core. The upload limit falls with it. */
  load: number;
  /** The worker's own check of its credentials, with the values it holds: whether each service accepts them. */
  checkCredentials(): Promise<Readonly<Record<string, boolean>>>;
  /** Every session ends, as after a change of SESSION_SECRET. */
  expireSessions(): void;
  files(): LabFile[];
  /** While true, the worker does not pick up writes. */
  staleWorker: boolean;
  /** While true, a destination that has nothing to do with AI fails every document. */
  brokenDestination: boolean;
}

/** DocuElevate 0.188.6 as far as a rotation meets it: its API processes, one worker, and their traps. */
export async function startDocuElevateLab(options: DocuElevateLabOptions): Promise<DocuElevateLab> {
  const { clock = Date.now, database = 'sqlite', adminUsername = 'admin', queueStatsMs = 0 } = options;
  const env = environmentOf(options);
  const stamp = createStamp(database, clock);
  const redis = createRedis(clock);
  const settings = createSettings({ stamp, env, redis });
  const processes = startApi(settings, env, options.apiProcesses ?? 1);
  const sessions = createSessions(clock);
  const documents = createDocuments(database, stamp);
  const accounts = createAccounts({ database, clock, stamp, documents });
  const { integrations } = accounts;
  const agenda = createAgenda(clock);
  const stopped = new AbortController();
  const { signal } = stopped;
  const { latencyMs = 0, credentialChecks = false, beforeLine = () => undefined } = options;
  const given = { latencyMs, credentialChecks, beforeLine, integrations, scripted: options.scripted ?? [] };
  const worker = createWorker({ ...given, settings, env, redis, documents, clock, agenda, signal });
  const load = { perCore: 0 };
  const queued = (): number => worker.tasks.waiting() + worker.queueLength;
  const limited = createUploadLimit({ clock, redis, queued, load: () => load.perCore });
  const start = (upload: Upload, path: string): string => worker.process(upload, path);
  const routes = {
    ...accounts.routes,
    ...settingRoutes(settings),
    ...healthRoutes(redis, clock),
    ...connectionTestRoutes(signal),
    ...uploadRoutes({ documents, stamp, limited, start }),
    ...documentRoutes({ documents, worker, queueStatsMs, signal }),
  };
  const apiToken = accounts.tokens.create(adminUsername, 'of the lab');
  const about = { bearer: (request: Incoming) => accounts.tokens.userOf(request), onRequest: () => agenda.catchUp() };
  const server = await serve(createApp({ ...about, sessions, routes, processes }), options);
  async function stop(): Promise<void> {
    stopped.abort();
    agenda.stop();
    await server.stop();
  }
  const plain = { ...server, stop, apiToken, adminUsername, files: () => filesOf(documents) };
  return withControls(plain, { settings, sessions, worker, redis, processes, env, load });
}

function startApi(settings: Settings, env: ReadonlyMap<string, string>, count: number): [ApiProcess, ...ApiProcess[]] {
  const others = Array.from({ length: count - 1 }, () => createApiProcess(settings, env));
  return [createApiProcess(settings, env), ...others];
}

/** Of each document the steps that have begun. */
function filesOf(documents: Documents): LabFile[] {
  return documents.files.map((file) => {
    const rows = documents.steps(file.id);
    const steps = rows.filter(({ status }) => status !== 'pending').map(({ name, status }) => ({ name, status }));
    return { id: file.id, name: file.name, status: summarize(file, rows).status, steps };
  });
}
