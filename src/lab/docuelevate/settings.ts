import type { Clock } from '../clock.js';
import { settingKeys } from './setting-keys.js';

/** One change of one setting. */
export interface Change {
  readonly id: number;
  readonly key: string;
  readonly old_value: string | null;
  readonly new_value: string | null;
  readonly changed_by: string;
  /** Naive UTC, in whole seconds. */
  readonly changed_at: string;
  readonly action: 'update' | 'delete';
}

/** A value at the moment it was put in the place of another. */
export interface SettingWrite {
  readonly key: string;
  readonly value: string | null;
  /** Unix ms, real time. */
  readonly at: number;
}

/**
 * The settings as the database has them, as the API process has them in memory, and what workers are told.
 * A row wins over the environment, an empty one too; a row that goes away leaves its value in every running process.
 */
export interface Settings {
  readonly rows: ReadonlyMap<string, string | null>;
  readonly writes: readonly SettingWrite[];
  /** How many changes were announced to workers; 0 means that the announcement's key does not exist. */
  version(): number;
  /** In the memory of the API process. */
  current(key: string): string | null;
  /** In the database, else in the environment. */
  truth(key: string): string | null;
  write(key: string, value: string | null, by: string): void;
  /** False when there is no row. */
  remove(key: string, by: string): boolean;
  /** Writes the old value of a change again. False when there is no such change, or when its old value is the empty text. */
  rollBack(key: string, id: number, by: string): boolean;
  /** Newest second first; within one second the order is wrong. */
  history(key?: string): Change[];
}

export function createSettings(clock: Clock, env: ReadonlyMap<string, string>): Settings {
  const rows = new Map<string, string | null>();
  const memory = new Map<string, string | null>(env);
  const changes: Change[] = [];
  const writes: SettingWrite[] = [];

  function commit(key: string, value: string | null | undefined, by: string): void {
    const [old_value, new_value] = [rows.get(key) ?? null, value ?? null];
    const action = value === undefined ? 'delete' : 'update';
    const changed = { changed_by: by, changed_at: naiveSeconds(clock()), action } as const;
    changes.push({ id: changes.length + 1, key, old_value, new_value, ...changed });
    writes.push({ key, value: value ?? null, at: Date.now() });
    if (value === undefined) rows.delete(key);
    else rows.set(key, value);
    for (const [name, row] of rows) memory.set(name, row);
  }
  function remove(key: string, by: string): boolean {
    const there = rows.has(key);
    if (there) commit(key, undefined, by);
    return there;
  }
  function rollBack(key: string, id: number, by: string): boolean {
    const change = changes.find((each) => each.id === id && each.key === key);
    if (!change || change.old_value === '') return false;
    if (change.old_value === null) remove(key, by);
    else commit(key, change.old_value, by);
    return true;
  }
  return {
    rows,
    writes,
    version: () => changes.length,
    current: (key) => memory.get(key) ?? null,
    truth: (key) => (rows.has(key) ? rows.get(key) : env.get(key)) ?? null,
    write: commit,
    remove,
    rollBack,
    history: (key) => newestSecondFirst(changes.filter((change) => key === undefined || change.key === key)),
  };
}

function newestSecondFirst(changes: readonly Change[]): Change[] {
  return changes.toSorted((a, b) => b.changed_at.localeCompare(a.changed_at));
}

/** A time as the engine writes it: UTC without saying so, and without a fraction. */
export function naiveSeconds(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

/** What people see of a value: its first four characters and its length. */
export function masked(key: string, value: string | null): string | null {
  if (!value || !settingKeys.get(key)?.sensitive) return value;
  if (key === 'database_url') return value.replace(/:[^:@/]+@/, ':********@');
  return value.length > 8 ? value.slice(0, 4) + '*'.repeat(value.length - 4) : '********';
}
