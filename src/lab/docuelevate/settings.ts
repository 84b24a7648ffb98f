import type { Stamp } from './database.js';
import type { Redis } from './redis.js';
import { defaults, settingKeys } from './setting-keys.js';

/** One change of one setting. */
export interface Change {
  readonly id: number;
  readonly key: string;
  readonly old_value: string | null;
  readonly new_value: string | null;
  readonly changed_by: string;
  readonly changed_at: string;
  readonly action: 'update' | 'delete';
}

/** One write of a setting. */
export interface SettingWrite {
  readonly key: string;
  readonly value: string | null;
  /** Unix ms, real time. */
  readonly at: number;
}

/** Values of settings in the memory of one process. */
export type Memory = ReadonlyMap<string, string | null>;

/**
 * The settings in the database. A row overrides the environment, even an empty row. After a row is deleted, running processes keep its
 * value.
 */
export interface Settings {
  readonly rows: Memory;
  readonly writes: readonly SettingWrite[];
  /** The value in the database, else in the environment, else the engine's default. */
  truth(key: string): string | null;
  /** The memory of a process after a start or reload: the rows override `held`. Values without a row stay. */
  over(held: Memory): Memory;
  write(key: string, value: string | null, by: string): void;
  /** False when there is no row. */
  remove(key: string, by: string): boolean;
  /** Writes the old value of a change again. False when there is no such change, or when its old value is empty. */
  rollBack(key: string, id: number, by: string): boolean;
  /** Restores the database to its state after this many changes, as from a backup. */
  putBack(changes: number): void;
  /** Newest first; on SQLite oldest first within one second. */
  history(key: string): Change[];
  /** Newest first. */
  changes(): Change[];
}

export interface SettingsOptions {
  readonly stamp: Stamp;
  /** What a process that starts now finds. */
  readonly env: () => Memory;
  readonly redis: Redis;
}

export function createSettings({ stamp, env, redis }: SettingsOptions): Settings {
  const rows = new Map<string, string | null>();
  const changes: Change[] = [];
  const writes: SettingWrite[] = [];

  function commit(key: string, value: string | null | undefined, by: string): void {
    const [old_value, new_value] = [rows.get(key) ?? null, value ?? null];
    const action = value === undefined ? 'delete' : 'update';
    const changed = { changed_by: by, changed_at: stamp(), action } as const;
    changes.push({ id: changes.length + 1, key, old_value, new_value, ...changed });
    writes.push({ key, value: value ?? null, at: Date.now() });
    if (value === undefined) rows.delete(key);
    else rows.set(key, value);
    redis.announce();
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
  const newestFirst = (list: readonly Change[]): Change[] =>
    list.toSorted((a, b) => b.changed_at.localeCompare(a.changed_at));
  return {
    rows,
    writes,
    truth: (key) => (rows.has(key) ? rows.get(key) : (env().get(key) ?? defaults.get(key))) ?? null,
    over: (held) => new Map([...held, ...rows]),
    write: commit,
    ...{ remove, rollBack },
    putBack: (count) => putBack({ rows, changes }, count),
    history: (key) => newestFirst(changes.filter((change) => change.key === key)),
    changes: () => newestFirst(changes.toReversed()),
  };
}

function putBack(database: { rows: Map<string, string | null>; changes: Change[] }, count: number): void {
  const { rows, changes } = database;
  changes.length = Math.min(count, changes.length);
  rows.clear();
  for (const { key, new_value, action } of changes)
    if (action === 'delete') rows.delete(key);
    else rows.set(key, new_value);
}

/** A sensitive value as people see it: its first four characters and its length. */
export function masked(key: string, value: string | null): string | null {
  if (!value || !settingKeys.get(key)?.sensitive) return value;
  if (key === 'database_url') return value.replace(/:[^:@/]+@/, ':********@');
  const characters = [...value];
  return characters.length > 8 ? characters.slice(0, 4).join('') + '*'.repeat(characters.length - 4) : '********';
}
