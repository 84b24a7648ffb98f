import type { ComingLine } from './engine.js';
import { uploadToS3 } from './s3.js';
import { uploadToSftp } from './sftp.js';
import type { Task } from './tasks.js';
import { putToWebDav } from './webdav.js';

/** A place that documents go to. */
export interface Destination {
  readonly name: string;
  /** In the words of the log. */
  readonly title: string;
  /** Whether its settings are complete. Nothing checks a password beforehand. */
  readonly configured: (task: Task) => boolean;
  /** Answers the lines of a failure, one or two; none when the document arrived. */
  upload(task: Task, name: string, bytes: Buffer): Promise<string[]>;
  /** Takes the place of an upload. */
  readonly script?: ScriptedDestination;
}

/** A destination without a simulated server: what the worker writes about one upload, as somebody saw it. The last line tells how it ended. */
export interface ScriptedDestination {
  readonly name: string;
  /** Whether documents go there by themselves; a single upload can be asked for in any case. */
  readonly configured: () => boolean;
  readonly lines: (file: string) => readonly Pick<ComingLine, 'step' | 'status' | 'message'>[];
  /** An upload that is asked for has its lines under its task alone. */
  readonly losesDocument?: boolean;
}

export interface DestinationOptions {
  readonly env: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  /** While true, there is a destination that fails every document. */
  readonly broken: () => boolean;
  readonly scripted: readonly ScriptedDestination[];
}

/** In the order in which the engine queues them. */
export function createDestinations(options: DestinationOptions): readonly Destination[] {
  const { env, signal, broken, scripted } = options;
  const played = scripted.map((script) => ({ ...nextcloud(broken), ...script, script }));
  return [...played, nextcloud(broken), webDav(signal), sftp(signal, env), s3(signal, env)];
}

/** There is none, but for one without space. */
function nextcloud(broken: () => boolean): Destination {
  return {
    name: 'nextcloud',
    title: 'Nextcloud',
    configured: broken,
    upload: (_, name) => {
      const failure = `Failed to upload ${name} to Nextcloud: 507 - Insufficient Storage`;
      return Promise.resolve([failure, `Failed to upload ${name} to Nextcloud: ${failure}`]);
    },
  };
}

function webDav(signal: AbortSignal): Destination {
  return {
    name: 'webdav',
    title: 'WebDAV',
    configured: (task) => hasAll(task, ['webdav_url', 'webdav_username', 'webdav_password']),
    async upload(task, name, bytes) {
      const again = (why: string) => `Error uploading ${name} to WebDAV: ${why}`;
      const refused = await putToWebDav(task, { name, bytes, signal }).catch(() => null);
      if (refused === null) return [again('the server cannot be reached')];
      return refused.failure ? [refused.failure, again(refused.failure)] : [];
    },
  };
}

function sftp(signal: AbortSignal, env: ReadonlyMap<string, string>): Destination {
  return {
    name: 'sftp',
    title: 'SFTP',
    configured: (task) =>
      hasAll(task, ['sftp_host', 'sftp_username']) &&
      ['sftp_password', 'sftp_private_key'].some((key) => hasAll(task, [key])),
    upload(task, name, bytes) {
      const [knownHost, homeKey] = [env.get('known_host') ?? '', env.get('home_key') ?? ''];
      const upload = uploadToSftp(task, { name, bytes, signal, knownHost, homeKey });
      return failuresOf(upload, (why) => `Failed to upload ${name} to SFTP server: ${why}`);
    },
  };
}

function s3(signal: AbortSignal, env: ReadonlyMap<string, string>): Destination {
  return {
    name: 's3',
    title: 'S3',
    configured: (task) => hasAll(task, ['s3_bucket_name', 'aws_access_key_id', 'aws_secret_access_key']),
    upload(task, name, bytes) {
      const upload = uploadToS3(task, { name, bytes, signal, endpoint: env.get('aws_endpoint_url_s3') ?? '' });
      return failuresOf(upload, (why) => `Error uploading ${name} to S3: ${why}`);
    },
  };
}

function hasAll(task: Task, keys: readonly string[]): boolean {
  return keys.every((key) => task.value(key) !== '');
}

function failuresOf(upload: Promise<void>, words: (why: string) => string): Promise<string[]> {
  return upload.then(
    () => [],
    (error: unknown) => [words(error instanceof Error ? error.message : String(error))],
  );
}
