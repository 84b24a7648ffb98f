import type { Gap } from './scenario.js';

/** The only value that works from a moment on; null when none does. `at`: real time, Unix ms. */
export interface InForce {
  readonly value: string | null;
  readonly at: number;
}

/** A change of one part that the engine holds. */
export interface Written {
  readonly part: string;
  readonly value: string | null;
  readonly at: number;
}

export interface History {
  /** The parts that the engine held at first. */
  readonly first: Readonly<Record<string, string | null>>;
  readonly writes: readonly Written[];
  /** The value that parts make; null when they do not belong together. */
  readonly valueFrom: (held: Readonly<Record<string, string | null>>) => string | null;
  /** Left out where several values work. */
  readonly inForce?: readonly InForce[] | undefined;
}

/** Times in which the engine held parts of two values, or another value than the only one that works. */
export function gapsIn({ first, writes, valueFrom, inForce = [] }: History): Gap[] {
  let held = first;
  let works: string | null | undefined;
  const moves = [
    ...inForce.map(({ value, at }) => ({ at, apply: () => void (works = value) })),
    ...writes.map(({ part, value, at }) => ({ at, apply: () => void (held = { ...held, [part]: value }) })),
  ].sort((a, b) => a.at - b.at);
  const gaps: Gap[] = [];
  let from: number | null = null;
  for (const { at, apply } of moves) {
    apply();
    const value = valueFrom(held);
    if (value === null || (works !== undefined && value !== works)) from ??= at;
    else if (from !== null) {
      gaps.push({ from, to: at });
      from = null;
    }
  }
  return from === null ? gaps : [...gaps, { from, to: Number.POSITIVE_INFINITY }];
}
