import type { Clock } from './clock.js';

/** How precisely a provider reports uses. By default it records every use and shows it at once. */
export interface UsageOptions {
  /** Within this time only the first of several uses is recorded (milliseconds by the lab's clock). */
  readonly usageResolutionMs?: number;
  /** A use shows only after this time (milliseconds by the lab's clock). */
  readonly usageLagMs?: number;
}

interface Use {
  /** Unix milliseconds. */
  readonly at: number;
}

/** The uses of one value, as its provider records and shows them. */
export interface LastUse<U extends Use> {
  note(use: U): void;
  /** The last use that is visible by now; null without one. */
  visible(): U | null;
}

export function createLastUse<U extends Use>(
  clock: Clock,
  { usageResolutionMs = 0, usageLagMs = 0 }: UsageOptions,
): LastUse<U> {
  const noted: U[] = [];
  return {
    note(use) {
      const last = noted.at(-1);
      // In either direction, because a clock may go back.
      if (last === undefined || Math.abs(use.at - last.at) >= usageResolutionMs) noted.push(use);
    },
    visible: () => noted.findLast(({ at }) => at + usageLagMs <= clock()) ?? null,
  };
}
