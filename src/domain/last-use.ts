import {
  type Before,
  beforeOf,
  type Look,
  type Probe,
  retriesMs,
  type Terms,
  type Verification,
} from './verification.js';

/** As much of a look as tells of uses. */
export type Used = Pick<Look, 'version' | 'at' | 'lastUsed' | 'probes'>;

const secondMs = 1000;
const skewMs = 60_000; // several servers of a provider note uses, each by its own clock

/** Whether somebody besides us has used it since the last look, by the provider's clock, which is compared with nothing but itself. */
export function hasMoved({ memory }: Before, { lastUsed, probes }: Used, { usage }: Terms): boolean {
  const seen = memory.lastUsed ?? probes[0]?.providerTime;
  if (usage === null || lastUsed === null || seen === undefined || lastUsed <= seen) return false;
  return !probes.some((probe) => isOwn(probe, lastUsed, usage.resolutionMs));
}

/** Whether a last use may be a question of ours: it is noted before its answer has come, and by another server's clock it may be a little later. */
export function isOwn(
  { providerTime = 0 }: Pick<Probe, 'providerTime'>,
  lastUsed: number,
  resolutionMs: number,
): boolean {
  const to = providerTime + Math.min(skewMs, resolutionMs) / secondMs;
  return lastUsed >= providerTime - skewMs / secondMs && lastUsed <= to;
}

/** Whether the last use ought to have moved by now. Of time our own clock alone is asked. */
export function standsStill(before: Before, look: Used, terms: Terms): boolean {
  const waitMs = waitLimitMs(before, terms);
  if (waitMs === null || look.lastUsed === null || hasMoved(before, look, terms)) return false;
  const since = Math.max(before.memory.movedAt ?? 0, newestProbe(look), before.healTriedAt ?? 0);
  return since > 0 && look.at - since >= waitMs;
}

/**
 * How long a last use may stand still; null where nothing moves it. Where it was never seen to move, the provider may show it as late as it
 * is said to be. Where it was, lateness does not count: what is shown late moves all the same.
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
 * Whether the provider has to be asked with the value itself. That is a use as well, and hides those that come soon after: so it is left
 * out where the engine's own use shows the same, or will, and where the engine still tries what was refused.
 */
export function mustAsk(known: Verification | null, look: Used, terms: Terms): boolean {
  const before = beforeOf(known, look);
  const { refusedAt } = before.memory;
  if (refusedAt !== null && look.at - refusedAt < retriesMs) return false;
  if (hasMoved(before, look, terms)) return false;
  return waitLimitMs(before, terms) === null || look.lastUsed === null || standsStill(before, look, terms);
}
