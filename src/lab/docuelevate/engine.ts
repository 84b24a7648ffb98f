import type { Ai } from './ai.js';
import type { Destination } from './destinations.js';
import type { Documents, StepStatus } from './documents.js';
import type { Integrations } from './integrations.js';
import type { Job, Task, Tasks } from './tasks.js';

/** A line of the processing log as it is about to be written. */
export interface ComingLine {
  readonly task: string;
  readonly step: string;
  readonly status: StepStatus;
  readonly message: string;
  readonly file: number | null;
}

/** What the worker's tasks work with. Tasks know a document by its id alone, whoever has that id by now. */
export interface Engine {
  readonly documents: Documents;
  readonly tasks: Tasks;
  readonly ai: Ai;
  readonly destinations: readonly Destination[];
  /** Where users have their own documents sent. */
  readonly integrations: Integrations;
  readonly signal: AbortSignal;
  /** A moment in which others get a turn. */
  pause(): Promise<void>;
  /** Writes a line, when the lab's owner lets it. */
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
