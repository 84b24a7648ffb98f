import { dropbox, evernote, googleDrive, iCloud, oneDrive, type Reader, sharePoint } from './clouds.js';
import { reasonOf } from './delivery.js';
import type { Note } from './engine.js';
import { ftp } from './ftp.js';
import { email } from './mail.js';
import { nextcloud } from './nextcloud.js';
import { paperless } from './paperless.js';
import type { Peers } from './peers.js';
import { s3 } from './s3.js';
import { sftp } from './sftp.js';
import type { Task } from './tasks.js';
import { webDav } from './webdav.js';

type Needs = readonly (string | readonly string[])[];

/** A destination of documents, as the table has it. */
export interface DestinationRow {
  readonly name: string;
  /** Its name in log lines. */
  readonly title: string;
  /** The beginnings of its first and last log line, where they are not `Uploading to` and `Uploaded to` its title. */
  readonly verbs?: readonly [begins: string, ends: string];
  /** Settings that it needs; of a list, one of them. The password is not checked. */
  readonly needs: Needs | ((setting: Reader) => Needs);
  /** The setting that switches it off, where that is not `<name>_enabled`. Null where nothing does. */
  readonly enabledBy?: string | null;
  /** Requested alone without its settings, it says `success`. */
  readonly skipsUnconfigured?: true;
  /** What differs in an upload that is requested alone: its lines name no document; it fails. */
  readonly again?: { readonly losesDocument: true; readonly fails?: string };
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
  readonly setting: Reader;
  readonly env: ReadonlyMap<string, string>;
  readonly peers: Peers;
  readonly signal: AbortSignal;
}

/**
 * Where the document arrived, or why it was skipped, or the log line of a refusal; nothing where no line shows the end.
 * `gaveUp`: the log line of a failure that is not retried.
 */
export type Answered =
  | { readonly arrived: string }
  | { readonly skipped: string }
  | { readonly refused: string }
  | { readonly gaveUp: string }
  | { readonly lost: true };

/** The result of an upload. Failures are log lines, mostly one or two. */
export type Ended =
  | { readonly arrived: string }
  | { readonly skipped: string }
  | { readonly failures: readonly string[]; readonly final?: true };

export interface Destination extends Pick<
  DestinationRow,
  'name' | 'title' | 'words' | 'verbs' | 'again' | 'skipsUnconfigured'
> {
  /** Whether its settings are complete. */
  readonly configured: (task: Task) => boolean;
  readonly enabled: (task: Task) => boolean;
  upload(task: Task, upload: Upload): Promise<Ended>;
}

export interface DestinationOptions {
  readonly env: ReadonlyMap<string, string>;
  readonly peers: Peers;
  readonly signal: AbortSignal;
  /** While true, one destination fails every document. */
  readonly broken: () => boolean;
}

/** In the order in which the engine queues them. */
const table: readonly DestinationRow[] = [
  ...[dropbox, nextcloud, paperless, googleDrive, webDav, ftp, sftp, email],
  ...[evernote, oneDrive, s3, sharePoint, iCloud],
];

export function createDestinations(options: DestinationOptions): readonly Destination[] {
  return table.map((row) => destinationOf(row, options));
}

function destinationOf(row: DestinationRow, { env, peers, signal, broken }: DestinationOptions): Destination {
  const { name, enabledBy = `${name}_enabled` } = row;
  const isBroken = (): boolean => row.broken !== undefined && broken();
  const needsOf = (setting: Reader): Needs => (typeof row.needs === 'function' ? row.needs(setting) : row.needs);
  return {
    ...row,
    configured: ({ value }) =>
      isBroken() || needsOf(value).every((keys) => [keys].flat().some((key: string) => value(key) !== '')),
    enabled: ({ value }) => enabledBy === null || !/^(false|0|no)$/i.test(value(enabledBy)),
    async upload({ value: setting }, upload) {
      const refused = { refused: row.words(upload.name, row.broken ?? '') };
      const sending = { ...upload, setting, env, peers, signal };
      const answered = isBroken() ? refused : await row.upload(sending).catch(reasonOf);
      return endOf(answered, (why) => row.words(upload.name, why));
    },
  };
}

/** A refusal has a log line of its own before the line of the failure; an error has only the latter. */
function endOf(answered: Answered | string, words: (why: string) => string): Ended {
  if (typeof answered === 'string') return { failures: [words(answered)] };
  if ('lost' in answered) return { failures: [] };
  if ('gaveUp' in answered) return { failures: [answered.gaveUp], final: true };
  return 'refused' in answered ? { failures: [answered.refused, words(answered.refused)] } : answered;
}
