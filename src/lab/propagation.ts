import type { Clock } from './clock.js';
import type { Incoming } from './routes.js';

/** How a change spreads over a provider's servers. Left out, all of them know of it at once. */
export interface PropagationOptions {
  /** How long a new value is still refused (milliseconds by the lab's clock). */
  readonly settlingMs?: number;
  /** How long an ended value is still let through. */
  readonly lingeringMs?: number;
  /** Every how manieth connection meets a server that learns of an end so late; every one when left out. A connection stays with its server. */
  readonly lateEvery?: number;
}

/** Whether a request came to one of the servers that learn of an end late. */
export function meetsLateServer(
  { connection = 0 }: Pick<Incoming, 'connection'>,
  { lateEvery = 1 }: PropagationOptions,
): boolean {
  return (connection + 1) % lateEvery === 0;
}

/** When a change is known that takes so long to be (Unix milliseconds); always, where it takes no time: a clock that goes back undoes nothing. */
export function knownAt(clock: Clock, tookMs: number): number {
  return tookMs === 0 ? Number.NEGATIVE_INFINITY : clock() + tookMs;
}
