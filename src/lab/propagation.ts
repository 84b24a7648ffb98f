import type { Clock } from './clock.js';
import type { Incoming } from './routes.js';

/** How a change propagates to a provider's servers. By default, all of them know it at once. */
export interface PropagationOptions {
  /** Propagation delay of a new value: how long late servers still refuse it (milliseconds by the lab's clock). */
  readonly propagationMs?: number;
  /** Propagation delay of a deletion: how long late servers still accept an ended value (milliseconds by the lab's clock). */
  readonly deletionLagMs?: number;
  /** Every n-th connection reaches a late server; every one when left out. A connection stays with its server. */
  readonly lateEvery?: number;
}

/** Whether the server that received a request is late. Without a request, the lateness of every kind of server. */
export function lateness(
  request: Pick<Incoming, 'connection'> | undefined,
  { lateEvery = 1 }: PropagationOptions,
): readonly boolean[] {
  if (request) return [((request.connection ?? 0) + 1) % lateEvery === 0];
  return lateEvery === 1 ? [true] : [true, false];
}

/**
 * When a change with this propagation delay is known (Unix milliseconds). Without a delay it is known since ever, so that a clock that
 * goes back undoes nothing.
 */
export function knownAt(clock: Clock, tookMs: number): number {
  return tookMs === 0 ? Number.NEGATIVE_INFINITY : clock() + tookMs;
}
