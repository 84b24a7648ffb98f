import type { Clock } from './clock.js';
import type { Incoming } from './routes.js';

/** How a change spreads over a provider's servers. Left out, all of them know of it at once. */
export interface PropagationOptions {
  /** How long a new value is still refused where that is learned late (milliseconds by the lab's clock). */
  readonly propagationMs?: number;
  /** How long an ended value is still let through. */
  readonly deletionLagMs?: number;
  /** Every how manieth connection meets a server that learns of a change so late; every one when left out. A connection stays with its server. */
  readonly lateEvery?: number;
}

/** Whether the server that a request came to learns of changes late; without a request, what is the case of any server. */
export function lateness(
  request: Pick<Incoming, 'connection'> | undefined,
  { lateEvery = 1 }: PropagationOptions,
): readonly boolean[] {
  if (request) return [((request.connection ?? 0) + 1) % lateEvery === 0];
  return lateEvery === 1 ? [true] : [true, false];
}

/** When a change is known that takes so long to be (Unix milliseconds); always, where it takes no time: a clock that goes back undoes nothing. */
export function knownAt(clock: Clock, tookMs: number): number {
  return tookMs === 0 ? Number.NEGATIVE_INFINITY : clock() + tookMs;
}
