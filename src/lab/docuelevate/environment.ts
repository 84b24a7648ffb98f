import { randomBytes } from 'node:crypto';
import type { Database } from './database.js';

/** The environment of API and worker. */
export interface EnvironmentOptions {
  /** `sqlite` when left out. */
  readonly database?: Database;
  /** Where the engine calls OpenAI: the OpenAI lab's `baseUrl`. Without it and a key, the engine makes no AI calls. */
  readonly openAiBaseUrl?: string;
  readonly openAiKey?: string;
  readonly adminUsername?: string;
  /** Random when left out. */
  readonly adminPassword?: string;
  /** Where the engine sends scans for OCR: the Azure lab's `url`. */
  readonly azureEndpoint?: string;
  readonly azureKey?: string;
  /** Names of OCR engines, separated by commas; `azure` when left out and there is an endpoint. */
  readonly ocrProviders?: string;
  /** Where the engine uploads documents to: a bucket of the AWS lab. */
  readonly s3?: { readonly endpoint: string; readonly bucket: string; readonly id: string; readonly secret: string };
  /** An SFTP server that documents go to, and the worker's login there. */
  readonly sftp?: SftpDestination;
  /** A WebDAV server that documents go to. */
  readonly webdav?: WebDavDestination;
  readonly nextcloud?: NextcloudDestination;
  readonly paperless?: PaperlessDestination;
  /** Per user; 20 when left out. */
  readonly uploadsPerMinute?: number;
}

export interface SftpDestination {
  readonly port: number;
  readonly username: string;
  /** A line of the worker's known_hosts, without the host's name. */
  readonly hostKey: string;
  /** A path on the worker. */
  readonly privateKey?: string;
  readonly passphrase?: string;
  /** A path on the worker: a key in `~/.ssh` or an agent of the worker's user, which is not configured. */
  readonly homeKey?: string;
  readonly password?: string;
}

export interface WebDavDestination {
  /** Ends with a slash. */
  readonly url: string;
  readonly username: string;
  readonly password?: string;
  readonly folder?: string;
}

/** A Nextcloud account that documents go to. */
export interface NextcloudDestination {
  /** Address of the account's files. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly folder?: string;
}

/** A Paperless that documents go to. */
export interface PaperlessDestination {
  readonly host: string;
  readonly token: string;
}

export function environmentOf(options: EnvironmentOptions): Map<string, string> {
  const { adminUsername = 'admin', adminPassword = randomSecret() } = options;
  const redis = 'redis://redis:6379/0';
  return new Map([
    ['database_url', databaseUrls[options.database ?? 'sqlite']],
    ['redis_url', redis],
    ['celery_broker_url', redis],
    ['celery_result_backend', redis],
    ['session_secret', randomSecret()],
    ['admin_username', adminUsername],
    ['admin_password', adminPassword],
    ...connectionsOf(options),
  ]);
}

/** What it says of the systems that documents meet. */
export function connectionsOf(options: EnvironmentOptions): [string, string][] {
  const { azureEndpoint, uploadsPerMinute } = options;
  const given: Record<string, string | undefined> = {
    openai_base_url: options.openAiBaseUrl,
    openai_api_key: options.openAiKey,
    azure_endpoint: azureEndpoint,
    azure_ai_key: options.azureKey,
    ocr_providers: options.ocrProviders ?? (azureEndpoint === undefined ? undefined : 'azure'),
    upload_rate_limit_per_user: uploadsPerMinute?.toString(),
    ...s3Environment(options.s3),
    ...sftpEnvironment(options.sftp),
    ...webdavEnvironment(options.webdav),
    ...nextcloudEnvironment(options.nextcloud),
    paperless_host: options.paperless?.host,
    paperless_ngx_api_token: options.paperless?.token,
  };
  return Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined);
}

const databaseUrls: Readonly<Record<Database, string>> = {
  sqlite: 'sqlite:///./app/database.db',
  postgresql: 'postgresql://docuelevate:of-the-lab@db:5432/docuelevate',
};

function s3Environment(s3: EnvironmentOptions['s3']): Record<string, string> {
  if (!s3) return {};
  return {
    ...{ aws_endpoint_url_s3: s3.endpoint, s3_bucket_name: s3.bucket, s3_folder_prefix: 'documents/' },
    ...{ aws_access_key_id: s3.id, aws_secret_access_key: s3.secret },
  };
}

function sftpEnvironment(sftp: SftpDestination | undefined): Record<string, string | undefined> {
  if (!sftp) return {};
  return {
    ...{ sftp_host: '127.0.0.1', sftp_port: String(sftp.port), sftp_username: sftp.username, sftp_folder: 'upload' },
    known_host: sftp.hostKey,
    home_key: sftp.homeKey,
    sftp_private_key: sftp.privateKey,
    sftp_private_key_passphrase: sftp.passphrase,
    sftp_password: sftp.password,
  };
}

function webdavEnvironment(webdav: WebDavDestination | undefined): Record<string, string | undefined> {
  if (!webdav) return {};
  const { url, username, password, folder } = webdav;
  return { webdav_url: url, webdav_username: username, webdav_password: password, webdav_folder: folder };
}

function nextcloudEnvironment(nextcloud: NextcloudDestination | undefined): Record<string, string | undefined> {
  if (!nextcloud) return {};
  const { url, username, password, folder } = nextcloud;
  const account = { nextcloud_username: username, nextcloud_password: password };
  return { nextcloud_upload_url: url, ...account, nextcloud_folder: folder };
}

export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}
