import type { ComingLine, Note } from './engine.js';
import { nextcloud } from './nextcloud.js';
import { paperless } from './paperless.js';
import { s3 } from './s3.js';
import { sftp } from './sftp.js';
import type { Task } from './tasks.js';
import { webDav } from './webdav.js';

/** A destination of documents. */
export interface Destination {
  readonly name: string;
  /** Its name in log lines. */
  readonly title: string;
  /** Whether its settings are complete. The password is not checked. */
  readonly configured: (task: Task) => boolean;
  upload(task: Task, delivery: Upload): Promise<Ended>;
  /** Replaces the upload. */
  readonly script?: ScriptedDestination;
}

/** One document to upload. */
export interface Upload {
  readonly name: string;
  readonly bytes: Buffer;
  /** Writes a log line between the first and the last, where a destination has one. */
  readonly note: Note;
}

/** Where the document arrived, why it was skipped, or the log lines of a failure (mostly one or two), each as text of the log. */
export type Ended =
  { readonly arrived: string } | { readonly skipped: string } | { readonly failures: readonly string[] };

/** A destination without a simulated server: the log lines of one upload, as seen on a real engine. The last line is the result. */
export interface ScriptedDestination {
  readonly name: string;
  /** Whether documents go there automatically. A single upload can always be requested. */
  readonly configured: () => boolean;
  readonly lines: (file: string) => readonly Pick<ComingLine, 'step' | 'status' | 'message'>[];
  /** A requested upload writes its lines without the document, only under its task. */
  readonly losesDocument?: boolean;
}

export interface DestinationOptions {
  readonly env: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
  /** While true, one destination fails every document. */
  readonly broken: () => boolean;
  readonly scripted: readonly ScriptedDestination[];
}

/** In the order in which the engine queues them. */
const table: readonly ((options: DestinationOptions) => Destination)[] = [nextcloud, paperless, webDav, sftp, s3];

export function createDestinations(options: DestinationOptions): readonly Destination[] {
  const played = options.scripted.map((script) => ({ ...nextcloud(options), ...script, script }));
  return [...played, ...table.map((create) => create(options))];
}
