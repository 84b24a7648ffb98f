import { reasonOf } from './delivery.js';
import type { ComingLine, Note } from './engine.js';
import { nextcloud } from './nextcloud.js';
import { paperless } from './paperless.js';
import { s3 } from './s3.js';
import { sftp } from './sftp.js';
import type { Task } from './tasks.js';
import { webDav } from './webdav.js';

/** A destination of documents, as the table has it. */
export interface DestinationRow {
  readonly name: string;
  /** Its name in log lines. */
  readonly title: string;
  /** Settings that it needs; of a list, one of them. The password is not checked. */
  readonly needs: readonly (string | readonly string[])[];
  /** The log line of a failure. */
  readonly words: (file: string, why: string) => string;
  /** What it answers while it is broken. Left out where the lab does not break it. */
  readonly broken?: string;
  /** @throws an error in the words of the engine's client library */
  upload(upload: Sending): Promise<Answered>;
}

/** One document to upload. */
export interface Upload {
  readonly name: string;
  readonly bytes: Buffer;
  /** Writes a log line between the first and the last, where a destination has one. */
  readonly note: Note;
}

export interface Sending extends Upload {
  /** A setting at the start of the task; empty when there is none. */
  readonly setting: (key: string) => string;
  readonly env: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
}

/** Where the document arrived, or why it was skipped, or the log line of a refusal; nothing where no line shows the end. */
export type Answered =
  { readonly arrived: string } | { readonly skipped: string } | { readonly refused: string } | { readonly lost: true };

/** The result of an upload. Failures are log lines, mostly one or two. */
export type Ended =
  { readonly arrived: string } | { readonly skipped: string } | { readonly failures: readonly string[] };

export interface Destination extends Pick<DestinationRow, 'name' | 'title'> {
  /** Whether its settings are complete. */
  readonly configured: (task: Task) => boolean;
  upload(task: Task, upload: Upload): Promise<Ended>;
  /** Replaces the upload. */
  readonly script?: ScriptedDestination;
}

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
const table: readonly DestinationRow[] = [nextcloud, paperless, webDav, sftp, s3];

export function createDestinations(options: DestinationOptions): readonly Destination[] {
  const played = options.scripted.map((script) => ({ ...destinationOf(nextcloud, options), ...script, script }));
  return [...played, ...table.map((row) => destinationOf(row, options))];
}

function destinationOf(row: DestinationRow, { env, signal, broken }: DestinationOptions): Destination {
  const { name, title, needs } = row;
  const isBroken = (): boolean => row.broken !== undefined && broken();
  return {
    ...{ name, title },
    configured: ({ value }) =>
      isBroken() || needs.every((keys) => [keys].flat().some((key: string) => value(key) !== '')),
    async upload({ value: setting }, upload) {
      const refused = { refused: row.words(upload.name, row.broken ?? '') };
      const sending = { ...upload, setting, env, signal };
      const answered = isBroken() ? refused : await row.upload(sending).catch(reasonOf);
      return endOf(answered, (why) => row.words(upload.name, why));
    },
  };
}

/** A refusal has a log line of its own before the line of the failure; an error has only the latter. */
function endOf(answered: Answered | string, words: (why: string) => string): Ended {
  if (typeof answered === 'string') return { failures: [words(answered)] };
  if ('lost' in answered) return { failures: [] };
  return 'refused' in answered ? { failures: [answered.refused, words(answered.refused)] } : answered;
}
