import { randomBytes } from 'node:crypto';
import { type LabOptions, type LabServer, serve } from '../server.js';
import { createApp, createGate } from './app.js';
import { connectionTestRoutes } from './connection-test.js';
import { documentRoutes } from './document-routes.js';
import { createDocuments, type FileStatus, statusOf, type StepStatus } from './documents.js';
import { loginRoutes } from './login-routes.js';
import { createSessions, type Sessions } from './sessions.js';
import { settingRoutes } from './setting-routes.js';
import { createSettings, type SettingWrite, type Settings } from './settings.js';
import { uploadRoutes } from './upload-routes.js';
import { createWorker, type Worker } from './worker.js';

export interface DocuElevateLabOptions extends LabOptions {
  /** Where the engine calls OpenAI: the OpenAI lab's `baseUrl`. Without it and a key it asks no AI. */
  readonly openAiBaseUrl?: string;
  readonly adminUsername?: string;
  /** Random when left out. */
  readonly adminPassword?: string;
  /** The value in the environment of API and worker. */
  readonly openAiKey?: string;
  /** Where the engine has scans read: the Azure lab's `url`. */
  readonly azureEndpoint?: string;
  /** The value in the environment of API and worker. */
  readonly azureKey?: string;
  /** Names of OCR engines with commas between; `azure` when left out. */
  readonly ocrProviders?: string;
  /** Where the engine uploads documents to: a bucket of the AWS lab, with the pair in the environment of API and worker. */
  readonly s3?: { readonly endpoint: string; readonly bucket: string; readonly id: string; readonly secret: string };
  /** Where documents go as well, and how the worker signs in there. */
  readonly sftp?: SftpDestination;
  /** Per user; 20 when left out. */
  readonly uploadsPerMinute?: number;
}

/** As the environment of API and worker has it. */
export interface SftpDestination {
  readonly port: number;
  readonly username: string;
  /** A line of the worker's known_hosts, without the host's name. */
  readonly hostKey: string;
  /** A path on the worker. */
  readonly privateKey?: string;
  readonly passphrase?: string;
  readonly password?: string;
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
  /** A person's edit in the settings page. */
  editSetting(key: string, value: string | null, by: string): void;
  setAdminPassword(password: string): void;
  /** The worker starts again from its environment, then reads the database if a change was ever announced. */
  restartWorker(): void;
  /** Every session ends, as after a change of SESSION_SECRET. */
  expireSessions(): void;
  files(): LabFile[];
  /** While true, the worker does not pick up writes. */
  staleWorker: boolean;
  /** While true, a destination that has nothing to do with AI fails every document. */
  brokenDestination: boolean;
}

/** DocuElevate 0.188.6 as far as a rotation meets it: one API process, one worker, and their traps. */
export async function startDocuElevateLab(options: DocuElevateLabOptions): Promise<DocuElevateLab> {
  const { clock = Date.now, latencyMs = 0, uploadsPerMinute = 20, adminUsername = 'admin' } = options;
  const env = environment(options);
  const settings = createSettings(clock, env);
  const sessions = createSessions(clock);
  const documents = createDocuments(clock);
  const stopped = new AbortController();
  const { signal } = stopped;
  const worker = createWorker({ settings, env, documents, latencyMs, signal });
  const apiToken = `de_${randomSecret()}`;
  const gate = createGate();
  const routes = {
    ...loginRoutes(settings, clock),
    ...settingRoutes(settings),
    ...connectionTestRoutes({ settings, signal, gate }),
    ...uploadRoutes({ documents, worker, clock, uploadsPerMinute }),
    ...documentRoutes({ documents, worker, settings }),
  };
  const server = await serve(createApp({ sessions, routes, gate, apiToken, username: adminUsername }), options);
  async function stop(): Promise<void> {
    stopped.abort();
    await server.stop();
  }
  const files = (): LabFile[] =>
    documents.files.map((file) => {
      const steps = [...file.steps].map(([name, status]) => ({ name, status }));
      return { id: file.id, name: file.upload.name, status: statusOf(file), steps };
    });
  return withControls({ ...server, stop, files, apiToken, adminUsername }, { settings, sessions, worker });
}

interface Parts {
  readonly settings: Settings;
  readonly sessions: Sessions;
  readonly worker: Worker;
}

type Plain = LabServer & Pick<DocuElevateLab, 'files' | 'apiToken' | 'adminUsername'>;

function withControls(plain: Plain, { settings, sessions, worker }: Parts): DocuElevateLab {
  return {
    ...plain,
    get adminPassword() {
      return settings.current('admin_password') ?? '';
    },
    setting: (key) => settings.truth(key),
    workerHolds: (key) => worker.holds(key),
    useAi: () => worker.useAi(),
    useOcr: () => worker.useOcr(),
    useS3: () => worker.useS3(),
    writes: () => settings.writes,
    useSftp: () => worker.useSftp(),
    editSetting: (key, value, by) => settings.write(key, value, by),
    setAdminPassword: (password) => settings.write('admin_password', password, plain.adminUsername),
    restartWorker: () => worker.restart(),
    expireSessions: () => sessions.expireAll(),
    get staleWorker() {
      return worker.stale;
    },
    set staleWorker(stale) {
      worker.stale = stale;
    },
    get brokenDestination() {
      return worker.brokenDestination;
    },
    set brokenDestination(broken) {
      worker.brokenDestination = broken;
    },
  };
}

function environment(options: DocuElevateLabOptions): ReadonlyMap<string, string> {
  const { adminUsername = 'admin', adminPassword = randomSecret() } = options;
  const given = {
    openai_base_url: options.openAiBaseUrl,
    openai_api_key: options.openAiKey,
    azure_endpoint: options.azureEndpoint,
    azure_ai_key: options.azureKey,
    ocr_providers: options.ocrProviders,
    aws_endpoint_url_s3: options.s3?.endpoint,
    s3_bucket_name: options.s3?.bucket,
    aws_access_key_id: options.s3?.id,
    aws_secret_access_key: options.s3?.secret,
    ...sftpEnvironment(options.sftp),
  };
  return new Map([
    ['database_url', 'sqlite:///./app/database.db'],
    ['redis_url', 'redis://redis:6379/0'],
    ['session_secret', randomSecret()],
    ['admin_username', adminUsername],
    ['admin_password', adminPassword],
    ['openai_model', 'gpt-4o-mini'],
    ...Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ]);
}

function sftpEnvironment(sftp: SftpDestination | undefined): Record<string, string | undefined> {
  if (!sftp) return {};
  return {
    ...{ sftp_host: '127.0.0.1', sftp_port: String(sftp.port), sftp_username: sftp.username, known_host: sftp.hostKey },
    sftp_private_key: sftp.privateKey,
    sftp_private_key_passphrase: sftp.passphrase,
    sftp_password: sftp.password,
  };
}

function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}
