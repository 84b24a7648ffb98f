import { createGate, type Gate } from './gate.js';
import { defaults } from './setting-keys.js';
import type { Memory, Settings } from './settings.js';

/** One process of the API, with its own settings in memory. It reads every row at its start, and after each write that it handles itself. */
export interface ApiProcess {
  readonly gate: Gate;
  /** The value in this process's memory, which may differ from the database. */
  current(key: string): string | null;
  /** The value that it held when it started. */
  atStart(key: string): string | null;
  /** The source that the engine reports for a value. It never depends on the value in use. */
  source(key: string): 'db' | 'env' | null;
  write(key: string, value: string | null, by: string): void;
  /** False when there is no row. */
  remove(key: string, by: string): boolean;
  /** False when there is no such change, or when its old value is the empty text. */
  rollBack(key: string, id: number, by: string): boolean;
  restart(): void;
}

/** `env`: what a process that starts now finds. */
export function createApiProcess(settings: Settings, env: () => Memory): ApiProcess {
  let memory: Memory = settings.over(env());
  let started = memory;
  const current = (key: string): string | null => (memory.has(key) ? memory.get(key) : defaults.get(key)) ?? null;

  function reloadAfter(changed: boolean): boolean {
    if (changed) memory = settings.over(memory);
    return changed;
  }
  return {
    gate: createGate(),
    current,
    atStart: (key) => started.get(key) ?? null,
    source: (key) => (settings.rows.get(key) ? 'db' : current(key) ? 'env' : null),
    write(key, value, by) {
      settings.write(key, value, by);
      reloadAfter(true);
    },
    remove: (key, by) => reloadAfter(settings.remove(key, by)),
    rollBack: (key, id, by) => reloadAfter(settings.rollBack(key, id, by)),
    restart() {
      memory = started = settings.over(env());
    },
  };
}
