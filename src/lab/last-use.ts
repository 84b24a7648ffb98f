import type { Clock } from './clock.js';

/** How exactly a provider tells when a value was used. Left out, it notes every use and shows it at once. */
export interface UsageOptions {
  /** Of several uses within so long only the first is noted (milliseconds by the lab's clock). */
  readonly usageResolutionMs?: number;
  /** A use shows only so long after it was made. */
  readonly usageLagMs?: number;
}

interface Use {
  /** Unix milliseconds. */
  readonly at: number;
}

/** The uses of one value, as its provider keeps and shows them. */
export interface LastUse<U extends Use> {
  note(use: U): void;
  /** The last one that shows by now. */
  shown(): U | null;
}

export function createLastUse<U extends Use>(
  clock: Clock,
  { usageResolutionMs = 0, usageLagMs = 0 }: UsageOptions,
): LastUse<U> {
  const noted: U[] = [];
  return {
    note(use) {
      const last = noted.at(-1);
      // In either direction: a clock may be put back.
      if (last === undefined || Math.abs(use.at - last.at) >= usageResolutionMs) noted.push(use);
    },
    shown: () => noted.findLast(({ at }) => at + usageLagMs <= clock()) ?? null,
  };
}
