import type { VersionRef } from './version.js';

/**
 * What a person gives when a task is done:
 * - `value`: the new value, which goes into the store
 * - `done`: nothing; a check shows it afterwards
 * - `word`: a sentence, because nothing else can show it
 */
export const taskAnswers = ['value', 'done', 'word'] as const;
export type TaskAnswer = (typeof taskAnswers)[number];

/** `withdrawn`: its rotation ended, or an emergency took over. */
export const taskStates = ['open', 'done', 'declined', 'withdrawn'] as const;
export type TaskState = (typeof taskStates)[number];

/** What a person is asked to do. Never holds a secret. */
export interface TaskText {
  /** Unique within its rotation and version. */
  readonly title: string;
  /** Instructions, one step each, in order. */
  readonly instructions: readonly string[];
  readonly asks: TaskAnswer;
  /** The version's value is generated, and the person gets it once. */
  readonly handsOver: boolean;
  /** What happens when nobody does it. */
  readonly otherwise: string;
  /** How long it counts once it is done, in milliseconds; without an end when left out. */
  readonly validMs?: number;
}

/** Who does a task, and by when. Times in milliseconds. */
export interface TaskPolicy {
  readonly owner: string | null;
  readonly assignee: string | null;
  readonly dueMs: number;
  /** From the due time on, a reminder each such interval. */
  readonly remindMs: number;
  /** Who is told as well, and how long after the due time. */
  readonly escalation: { readonly to: string; readonly afterMs: number } | null;
  /** When a rotation that has changed nothing yet rolls back. Null: never. */
  readonly giveUpMs: number | null;
  /** In an emergency, the time until it is due, between reminders and until the escalation. */
  readonly urgentMs: number;
}

/** A step that waits for a person. Times in Unix milliseconds. */
export interface Task extends TaskText, Pick<TaskPolicy, 'owner' | 'assignee' | 'remindMs'> {
  readonly id: string;
  readonly credential: string;
  /** The version that it is about. */
  readonly version: number;
  /** Of the rotation that waits for it. */
  readonly fence: number;
  /** For an emergency. */
  readonly urgent: boolean;
  readonly openedAt: number;
  readonly dueAt: number;
  readonly escalation: { readonly to: string; readonly at: number } | null;
  readonly givesUpAt: number | null;
  readonly state: TaskState;
  /** Who ended it, when and with what words. Null while it is open. */
  readonly by: string | null;
  readonly words: string | null;
  readonly endedAt: number | null;
  /** When the value was handed over. */
  readonly handedAt: number | null;
  /** When the rotation took notice of its end. Null until then. */
  readonly noticedAt: number | null;
}

/** A task as its workflow sees it. */
export type TaskView = Pick<Task, 'id' | 'state' | 'dueAt' | 'givesUpAt' | 'by' | 'words'>;

/** A version, and the title of a task about it. */
export interface TaskRef {
  readonly version: VersionRef;
  readonly title: string;
}
