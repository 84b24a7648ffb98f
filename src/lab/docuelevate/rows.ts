import type { Database } from './database.js';

/** A row with an owner. */
export interface Owned {
  readonly id: number;
  readonly owner: string;
}

/** Rows of one table. */
export interface Rows<R extends { readonly id: number }> {
  all(): readonly R[];
  add(row: Omit<R, 'id'>): R;
  find(id: unknown): R | undefined;
  change(row: R, change: Partial<R>): R;
  remove(row: R): void;
}

/** SQLite assigns the highest existing id plus one; PostgreSQL never reuses an id. */
export function createRows<R extends { readonly id: number }>(database: Database): Rows<R> {
  let rows: R[] = [];
  let given = 0;
  return {
    all: () => rows,
    add(row) {
      given = (database === 'sqlite' ? Math.max(0, ...rows.map(({ id }) => id)) : given) + 1;
      const added = { ...row, id: given } as R;
      rows = [...rows, added];
      return added;
    },
    find: (id) => rows.find((row) => row.id === Number(id)),
    change(row, change) {
      const changed = { ...row, ...change };
      rows = rows.map((each) => (each.id === row.id ? changed : each));
      return changed;
    },
    remove(row) {
      rows = rows.filter(({ id }) => id !== row.id);
    },
  };
}
