import type { ComingLine, Note } from './engine.js';
import { nextcloud } from './nextcloud.js';
import { paperless } from './paperless.js';
import { s3 } from './s3.js';
import { sftp } from './sftp.js';
import type { Task } from './tasks.js';
import { webDav } from './webdav.js';

/** A place that documents go to. */
export interface Destination {
  readonly name: string;
  /** In the words of the log. */
  readonly title: string;
  /** Whether its settings are complete. Nothing checks a password beforehand. */
  readonly configured: (task: Task) => boolean;
  upload(task: Task, delivery: Upload): Promise<Ended>;
  /** Takes the place of an upload. */
  readonly script?: ScriptedDestination;
}

/** One document on its way. */
export interface Upload {
  readonly name: string;
  readonly bytes: Buffer;
  /** Writes a line between the first and the last, where a destination has such. */
  readonly note: Note;
}

/** Where the document is, in the words of the log; why it is not taken once more; or the lines of a failure, mostly one or two. */
export type Ended =
  { readonly arrived: string } | { readonly skipped: string } | { readonly failures: readonly string[] };

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
const table: readonly ((options: DestinationOptions) => Destination)[] = [nextcloud, paperless, webDav, sftp, s3];

export function createDestinations(options: DestinationOptions): readonly Destination[] {
  const played = options.scripted.map((script) => ({ ...nextcloud(options), ...script, script }));
  return [...played, ...table.map((create) => create(options))];
}
