import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Agenda } from './agenda.js';
import { inMicroseconds } from './database.js';

/** One run of a task. A retry is a new run under the same id. */
export interface Task {
  readonly id: string;
  /** A setting from the worker's memory at the start of this run; empty when there is none. */
  readonly value: (key: string) => string;
}

export interface Job {
  /** Its name in Celery. */
  readonly name: string;
  run(task: Task): Promise<void>;
  /** Seconds before each retry of a failed run; left out, there are no retries. */
  readonly delays?: (task: Task) => readonly number[];
}

/** A scheduled task as Celery shows it. */
export interface Scheduled {
  readonly id: string;
  readonly name: string;
  readonly eta: string;
}

/** Simulates Celery: accepts jobs, runs them, and retries failed ones later. */
export interface Tasks {
  /** Returns the task's id at once. */
  start(job: Job, waitMs?: number): string;
  /** Number of tasks that wait for a worker. */
  waiting(): number;
  running(): { readonly id: string; readonly name: string }[];
  scheduled(): Scheduled[];
  /** The worker dies, and scheduled tasks are lost. */
  forget(): void;
}

export interface TasksOptions {
  readonly clock: Clock;
  readonly agenda: Agenda;
  readonly signal: AbortSignal;
  /** The delay before the worker takes a task. */
  readonly pause: () => Promise<void>;
  /** Reloads the worker's settings before each task, and returns a reader of them. */
  readonly reload: () => (key: string) => string;
}

interface Entry {
  readonly id: string;
  readonly job: Job;
  retries: number;
  /** When a scheduled task runs. */
  eta: number;
}

export function createTasks({ clock, agenda, signal, pause, reload }: TasksOptions): Tasks {
  const [waiting, running, scheduled] = [new Set<Entry>(), new Set<Entry>(), new Set<Entry>()];
  let retried = 0;

  function launch(entry: Entry): void {
    waiting.add(entry);
    const taken = pause().finally(() => waiting.delete(entry));
    taken.then(() => run(entry)).catch(() => undefined); // rejects only when the lab has stopped
  }
  async function run(entry: Entry): Promise<void> {
    const task = { id: entry.id, value: reload() };
    running.add(entry);
    await entry.job.run(task).catch(() => retryLater(entry, task));
    running.delete(entry);
  }
  function retryLater(entry: Entry, task: Task): void {
    const seconds = entry.job.delays?.(task)[entry.retries];
    if (seconds === undefined || signal.aborted) return;
    entry.retries += 1;
    schedule(entry, withJitter(seconds, retried++) * 1000);
  }
  function schedule(entry: Entry, waitMs: number): void {
    entry.eta = clock() + waitMs;
    scheduled.add(entry);
    agenda.at(entry.eta, () => {
      if (scheduled.delete(entry)) launch(entry);
    });
  }
  return {
    start(job, waitMs = 0) {
      const entry: Entry = { id: randomUUID(), job, retries: 0, eta: 0 };
      if (waitMs > 0) schedule(entry, waitMs);
      else launch(entry);
      return entry.id;
    },
    waiting: () => waiting.size,
    running: () => [...running].map(({ id, job: { name } }) => ({ id, name })),
    scheduled: () => [...scheduled].map(({ id, job: { name }, eta }) => ({ id, name, eta: inMicroseconds(eta) })),
    forget: () => scheduled.clear(),
  };
}

/** The engine varies its delays randomly by up to a fifth in either direction. The lab uses these factors in order. */
const jitters = [1, 1.16, 0.8, 1.1, 0.87];

function withJitter(seconds: number, turn: number): number {
  return Math.max(1, Math.trunc(seconds * (jitters[turn % jitters.length] ?? 1)));
}

/** Seconds before each retry of most tasks: from `task_retry_delays`, else 1, 5 and 15 minutes. */
export function usualDelays(task: Task): readonly number[] {
  const written = task.value('task_retry_delays');
  const seconds = written
    .split(',')
    .map((each) => Number.parseInt(each, 10))
    .filter((each) => !Number.isNaN(each));
  const base = seconds.length > 0 ? seconds : [60, 300, 900];
  const last = base.at(-1) ?? 60;
  return [0, 1, 2].map((retry) => base[retry] ?? last * 2 ** (retry - base.length + 1));
}
