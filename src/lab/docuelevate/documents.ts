import { createHash } from 'node:crypto';
import { type Database, foreignKeyViolation, type Stamp } from './database.js';
import { afterStart } from './file-status.js';

export type StepStatus = 'pending' | 'in_progress' | 'success' | 'failure' | 'skipped';

export interface Upload {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
  /** With several users: the document's owner. */
  readonly owner?: string | null;
}

/** A document's row in the database. Tasks know only its id, and write to the row that has the id at that time. */
export interface FileRecord {
  readonly id: number;
  readonly hash: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly createdAt: string;
  /** Null with a single user: documents then have no owner. */
  readonly owner: string | null;
  /** The id of the document with the same bytes. */
  readonly duplicateOf: number | null;
  readonly original: string | null;
  /** The working copy. The path stays after the copy is deleted. */
  readonly local: string;
  readonly processed: string | null;
  readonly text: string | null;
  readonly embedded: boolean;
  /** Its later steps have rows before they start. */
  readonly planned: boolean;
}

/** A step of the document with this id. The row stays when the document is deleted. */
export interface StepRow {
  readonly name: string;
  status: StepStatus;
  updatedAt: string;
}

/** One line of the processing log. The line stays when the document is deleted. */
export interface LogLine {
  readonly id: number;
  /** Null while the task has no document yet. */
  readonly file: number | null;
  readonly task: string;
  readonly step: string;
  readonly status: StepStatus;
  readonly message: string;
  readonly at: string;
}

/** The engine's rows of documents, steps and log lines, and the files in its work folder. */
export interface Documents {
  readonly files: readonly FileRecord[];
  readonly logs: readonly LogLine[];
  /** Files by path. They stay when a document is deleted. */
  readonly disk: Map<string, Buffer>;
  add(upload: Upload, duplicateOf: number | null): FileRecord;
  find(id: number): FileRecord | undefined;
  /** The first stored document with the same bytes. */
  twin(bytes: Buffer): FileRecord | undefined;
  /** False when no document has the id. */
  update(id: number, change: Partial<FileRecord>): boolean;
  /** Returns why the database refuses; null when the row was deleted. */
  remove(id: number): string | null;
  /** In the order of their creation. */
  readonly steps: (id: number) => readonly StepRow[];
  /** Adds a row for every later step that has none yet. */
  readonly plan: (id: number) => void;
  log(line: Pick<LogLine, 'file' | 'task' | 'step' | 'status' | 'message'>): void;
}

export function createDocuments(database: Database, stamp: Stamp): Documents {
  const [steps, logs]: [ReturnType<typeof createSteps>, LogLine[]] = [createSteps(stamp), []];
  const table = createTable(database, stamp);
  function refusal(id: number): string | null {
    if (database === 'sqlite') return null;
    if (table.files.some(({ duplicateOf }) => duplicateOf === id)) return foreignKeyViolation(id, 'files');
    return steps.of(id).length > 0 ? foreignKeyViolation(id, 'file_processing_steps') : null;
  }
  return {
    ...{ logs, disk: new Map<string, Buffer>(), steps: steps.of, plan: (id: number) => steps.plan(id) },
    get files() {
      return table.files;
    },
    add: (upload, duplicateOf) => table.add(upload, duplicateOf),
    find: (id) => table.files.find((file) => file.id === id),
    twin(bytes) {
      const hash = hashOf(bytes);
      const same = table.files.filter((file) => file.hash === hash);
      return same.find(({ duplicateOf }) => duplicateOf === null) ?? same[0];
    },
    update: (id, change) => table.replace(id, (file) => [{ ...file, ...change }]),
    remove(id) {
      const refused = refusal(id);
      if (refused === null) table.replace(id, () => []);
      return refused;
    },
    log(line) {
      const at = stamp();
      logs.push({ ...line, id: logs.length + 1, at });
      if (line.file !== null) steps.set(line.file, { name: line.step, status: line.status, updatedAt: at });
    },
  };
}

function createTable(database: Database, stamp: Stamp) {
  let files: FileRecord[] = [];
  let given = 0;
  /** SQLite uses the highest existing id plus one. */
  function nextId(): number {
    given = database === 'sqlite' ? Math.max(0, ...files.map(({ id }) => id)) + 1 : given + 1;
    return given;
  }
  return {
    get files() {
      return files;
    },
    add({ name, type, bytes, owner = null }: Upload, duplicateOf: number | null): FileRecord {
      const known = { hash: hashOf(bytes), name, type, size: bytes.length, createdAt: stamp(), owner, duplicateOf };
      const unknown = { original: null, local: '', processed: null, text: null, embedded: false, planned: false };
      const file = { id: nextId(), ...known, ...unknown };
      files = [...files, file];
      return file;
    },
    /** False when no document has the id. */
    replace(id: number, by: (file: FileRecord) => FileRecord[]): boolean {
      const there = files.some((file) => file.id === id);
      files = files.flatMap((file) => (file.id === id ? by(file) : [file]));
      return there;
    },
  };
}

function createSteps(stamp: Stamp) {
  const rows = new Map<number, StepRow[]>();
  const of = (id: number): StepRow[] => {
    const known = rows.get(id) ?? [];
    rows.set(id, known);
    return known;
  };
  return {
    of,
    set(id: number, row: StepRow): void {
      const known = of(id).find(({ name }) => name === row.name);
      if (known) Object.assign(known, row);
      else of(id).push(row);
    },
    plan(id: number): void {
      const missing = afterStart.filter((name) => !of(id).some((row) => row.name === name));
      of(id).push(...missing.map((name) => ({ name, status: 'pending' as const, updatedAt: stamp() })));
    },
  };
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
