import {
  type Before,
  beforeOf,
  type Look,
  type Probe,
  retriesMs,
  type Terms,
  type Verification,
} from './verification.js';

/** The part of a look that shows uses. */
export type Used = Pick<Look, 'version' | 'at' | 'lastUsed' | 'probes'>;

const secondMs = 1000;
const skewMs = 60_000; // a provider's servers record uses, each by its own clock

/** Whether somebody else used the version since the last look. Compares only times of the provider's clock. */
export function hasMoved({ memory }: Before, { lastUsed, probes }: Used, { usage }: Terms): boolean {
  const seen = memory.lastUsed ?? probes[0]?.providerTime;
  if (usage === null || lastUsed === null || seen === undefined || lastUsed <= seen) return false;
  return !probes.some((probe) => isOwn(probe, lastUsed, usage.resolutionMs));
}

/**
 * Whether a last use may be our own probe. The provider records it before its answer arrives, and another server's clock may be
 * slightly ahead.
 */
export function isOwn(
  { providerTime = 0 }: Pick<Probe, 'providerTime'>,
  lastUsed: number,
  resolutionMs: number,
): boolean {
  const to = providerTime + Math.min(skewMs, resolutionMs) / secondMs;
  return lastUsed >= providerTime - skewMs / secondMs && lastUsed <= to;
}

/** Whether the last use should have moved by now. Durations are measured by our own clock. */
export function standsStill(before: Before, look: Used, terms: Terms): boolean {
  const waitMs = waitLimitMs(before, terms);
  if (waitMs === null || look.lastUsed === null || hasMoved(before, look, terms)) return false;
  const since = Math.max(before.memory.movedAt ?? 0, newestProbe(look), before.healTriedAt ?? 0);
  return since > 0 && look.at - since >= waitMs;
}

/**
 * How long a last use may stand still; null where nothing moves it.
 * Never seen to move: allows for the provider's lag as well. Seen to move: lag does not matter, since late data still move.
 */
export function waitLimitMs({ memory }: Before, { checkedEveryMs, usage }: Terms): number | null {
  if (checkedEveryMs === null || usage === null) return null;
  const windowMs = usage.resolutionMs + checkedEveryMs;
  return memory.movesWithinMs === null ? windowMs + usage.lagMs : Math.max(windowMs, memory.movesWithinMs / 2);
}

/** Unix milliseconds, our clock; 0 when there was none. */
export function newestProbe({ probes }: Pick<Look, 'probes'>): number {
  return probes[0]?.at ?? 0;
}

/**
 * Whether to probe the provider with the value itself. A probe is a use too, and hides uses that follow soon. So it is skipped:
 * - where the engine's own use shows the same, or will
 * - where the engine still retries a refused value
 */
export function mustAsk(known: Verification | null, look: Used, terms: Terms): boolean {
  const before = beforeOf(known, look);
  const { refusedAt } = before.memory;
  if (refusedAt !== null && look.at - refusedAt < retriesMs) return false;
  if (hasMoved(before, look, terms)) return false;
  return waitLimitMs(before, terms) === null || look.lastUsed === null || standsStill(before, look, terms);
}
