import type { Ended } from './destinations.js';
import type { Task } from './tasks.js';

export function hasAll(task: Task, keys: readonly string[]): boolean {
  return keys.every((key) => task.value(key) !== '');
}

/** Turns an upload into its result. `words` makes the log line of a failure. */
export function endOf(upload: Promise<void>, name: string, words: (why: string) => string): Promise<Ended> {
  return upload.then(
    () => ({ arrived: name }),
    (error: unknown) => ({ failures: [words(reasonOf(error))] }),
  );
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The current time as the engine adds it to a file name. */
export function compactTime(): string {
  return new Date(Date.now()).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
}
