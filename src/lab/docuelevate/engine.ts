import type { Ai } from './ai.js';
import type { Destination } from './destinations.js';
import type { Documents, StepStatus } from './documents.js';
import type { Integrations } from './integrations.js';
import type { Mailboxes } from './mailboxes.js';
import type { Peers } from './peers.js';
import type { Job, Task, Tasks } from './tasks.js';

/** A line of the processing log before it is written. */
export interface ComingLine {
  readonly task: string;
  readonly step: string;
  readonly status: StepStatus;
  readonly message: string;
  readonly file: number | null;
}

/** The parts of the engine that tasks use. Tasks know a document only by its id, which may belong to another document by now. */
export interface Engine {
  readonly documents: Documents;
  readonly tasks: Tasks;
  readonly ai: Ai;
  readonly destinations: readonly Destination[];
  /** The users' own destinations. */
  readonly integrations: Integrations;
  readonly mailboxes: Mailboxes;
  readonly peers: Peers;
  /** Writes a newer OneDrive token into the database. */
  readonly storeToken: (value: string) => void;
  readonly signal: AbortSignal;
  /** A short pause in which other tasks run. */
  pause(): Promise<void>;
  /** Writes a line after the lab's `beforeLine` hook. */
  log(line: ComingLine): Promise<void>;
}

/** Writes the lines of one task about one document. */
export type Note = (step: string, status: StepStatus, message: string) => Promise<void>;

export function noteOf(engine: Engine, task: Task, file: number | null): Note {
  return (step, status, message) => engine.log({ task: task.id, step, status, message, file });
}

export function celeryName(task: string): string {
  return `app.tasks.${task}.${task}`;
}

export type { Job, Task };
