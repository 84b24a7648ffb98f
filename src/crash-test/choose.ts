import { createHash } from 'node:crypto';
import type { CrashCase } from './cases.js';

/** Which cases to play. */
export interface Choice {
  readonly procedure?: string;
  /** Prefix of a fault's name. */
  readonly fault?: string;
  /** Parts of case ids, any of which is enough. */
  readonly only?: readonly string[];
  /** Whether to include systems that behave otherwise although they are not asked for by name. */
  readonly variants?: boolean;
  /** Maximum number of cases for each procedure that is not named in `first`, and for all its variants together. */
  readonly sample?: number;
  /** Decides what a sample holds, and the order of all cases. */
  readonly seed?: string;
  /** Procedures that go first and in full. */
  readonly first?: readonly string[];
}

/** Picks the cases that were asked for, in an order that depends on the seed alone. */
export function choose(all: readonly CrashCase[], { fault, only, sample, seed, first = [] }: Choice): CrashCase[] {
  const fitting = all.filter(
    ({ id, fault: { name } }) =>
      (fault === undefined || name.startsWith(fault)) && (only === undefined || only.some((part) => id.includes(part))),
  );
  const shuffled = seed === undefined ? fitting : fitting.toSorted((a, b) => compare(rank(a, seed), rank(b, seed)));
  const inFull = shuffled.filter(({ procedure }) => first.includes(procedure));
  const counts = new Map<string, number>();
  const others = shuffled.filter(({ procedure }) => {
    const pool = procedure.replace(/:.*/, ':');
    const count = (counts.get(pool) ?? 0) + 1;
    counts.set(pool, count);
    return !first.includes(procedure) && count <= (sample ?? Number.POSITIVE_INFINITY);
  });
  return [...inFull, ...others];
}

function rank({ procedure, id }: CrashCase, seed: string): string {
  return createHash('sha256').update(`${seed} ${procedure} ${id}`).digest('hex');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
