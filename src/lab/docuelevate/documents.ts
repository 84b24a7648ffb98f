import { createHash } from 'node:crypto';
import type { Clock } from '../clock.js';
import { naiveSeconds } from './settings.js';

export type StepStatus = 'in_progress' | 'success' | 'failure' | 'skipped';

export type FileStatus = 'pending' | 'processing' | 'completed' | 'failed' | 'duplicate';

export interface Upload {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

export interface FileRecord {
  /** That of a deleted file is given out again. */
  readonly id: number;
  readonly hash: string;
  readonly upload: Upload;
  readonly createdAt: string;
  readonly duplicate: boolean;
  readonly steps: Map<string, StepStatus>;
}

/** One line of the processing log. */
export interface LogLine {
  readonly id: number;
  /** Null while the task has no file yet. */
  readonly file: FileRecord | null;
  readonly task: string;
  readonly step: string;
  readonly status: StepStatus;
  readonly message: string;
  /** Naive UTC in whole seconds: order by id. */
  readonly at: string;
}

/** The engine's documents with their steps and their log. Deleting one takes its log along. */
export interface Documents {
  readonly files: readonly FileRecord[];
  readonly logs: readonly LogLine[];
  add(upload: Upload): FileRecord;
  find(id: number): FileRecord | undefined;
  /** The kept document with the same bytes. */
  twin(upload: Upload): FileRecord | undefined;
  remove(file: FileRecord): void;
  log(line: Pick<LogLine, 'file' | 'task' | 'step' | 'status' | 'message'>): void;
}

export function createDocuments(clock: Clock): Documents {
  let files: FileRecord[] = [];
  let logs: LogLine[] = [];
  let lines = 0;
  const twin = (upload: Upload): FileRecord | undefined => files.find(({ hash }) => hash === hashOf(upload));
  return {
    get files() {
      return files;
    },
    get logs() {
      return logs;
    },
    add(upload) {
      const id = Math.max(0, ...files.map((file) => file.id)) + 1;
      const duplicate = twin(upload) !== undefined;
      const createdAt = naiveSeconds(clock());
      const file = { id, hash: hashOf(upload), upload, createdAt, duplicate, steps: new Map<string, StepStatus>() };
      files.push(file);
      return file;
    },
    find: (id) => files.find((file) => file.id === id),
    twin,
    remove(file) {
      files = files.filter((each) => each !== file);
      logs = logs.filter((line) => line.file !== file);
    },
    log(line) {
      if (line.file && !files.includes(line.file)) return;
      line.file?.steps.set(line.step, line.status);
      logs.push({ ...line, id: (lines += 1), at: naiveSeconds(clock()) });
    },
  };
}

/** What the engine says of a document as a whole: done as soon as it was handed to the destinations, and then again not. */
export function statusOf({ duplicate, steps }: FileRecord): FileStatus {
  const states = [...steps.values()];
  if (duplicate) return 'duplicate';
  if (states.includes('failure')) return 'failed';
  if (states.includes('in_progress')) return 'processing';
  return steps.get('send_to_all_destinations') === 'success' ? 'completed' : 'pending';
}

function hashOf({ bytes }: Upload): string {
  return createHash('sha256').update(bytes).digest('hex');
}
