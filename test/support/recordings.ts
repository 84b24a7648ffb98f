import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One thing that was seen on a real system: an answer to a request, or what a server, a log or a person `observed`. */
export interface Exchange {
  readonly name: string;
  /** Seconds since the recording began. */
  readonly at?: number;
  readonly request?: {
    readonly method: string;
    readonly path: string;
    /** Who asks, in the recording's words, for instance `admin`, `none`, `cookie only`. */
    readonly auth?: string;
    readonly bodyKind?: 'json' | 'form' | 'multipart';
    readonly body?: unknown;
  };
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  readonly observed?: string;
  readonly data?: unknown;
}

export interface Recording<E = Exchange> {
  readonly system: string;
  readonly version: string;
  readonly exchanges: readonly E[];
}

/** How many entries of one recording were compared with a simulated system, and why the others were not. */
export interface Tally {
  readonly played: number;
  readonly total: number;
  readonly notPlayed: readonly { readonly entries: readonly string[]; readonly why: string }[];
}

/** The folder with recordings of real systems; undefined where `KEYTURN_RECORDINGS` names none. */
export const recordingsFolder: string | undefined = process.env['KEYTURN_RECORDINGS'];

/** `describe`; skipped without recordings, which are not part of the project. */
export const describeRecording: typeof describe.skip = recordingsFolder === undefined ? describe.skip : describe;

/** Throws when the folder does not hold the file. */
export function readRecording<E = Exchange>(file: string): Recording<E> {
  return readRecordingFile<Recording<E>>(file);
}

/** Reads a recording that has a form of its own. */
export function readRecordingFile<T>(file: string): T {
  return JSON.parse(readFileSync(join(recordingsFolder ?? '', file), 'utf8')) as T;
}

/** Leaves the tally for `.ci/recordings.mjs`, which adds up what the test files did in their own processes. */
export function leaveTally(file: string, tally: Tally): void {
  const folder = join('dist', 'recordings');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), JSON.stringify(tally));
}
