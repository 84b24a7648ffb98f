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

/** A value that the servers of a provider learn of, and of its end. */
export interface Propagated {
  /** Until when late servers still refuse it, Unix milliseconds. */
  readonly propagatedAt: number;
  deleted: boolean;
  /** Until when late servers still accept it after its deletion, Unix milliseconds. */
  acceptedUntil: number;
}

export interface Propagation {
  /** A new value; with `everywhere`, every server has known it for long. */
  begin(everywhere?: boolean): Propagated;
  end(value: Propagated): void;
  /** Whether the server that received a request accepts a value. Without a request, whether any server does. */
  accepts(value: Propagated, request?: Pick<Incoming, 'connection'>): boolean;
}

const always = Number.NEGATIVE_INFINITY;

export function createPropagation(clock: Clock, options: PropagationOptions): Propagation {
  const { propagationMs = 0, deletionLagMs = 0, lateEvery = 1 } = options;
  // Without a delay a change is known since ever, so that a clock that goes back undoes nothing.
  const knownAfter = (delayMs: number): number => (delayMs === 0 ? always : clock() + delayMs);
  const late = ({ deleted, propagatedAt, acceptedUntil }: Propagated): boolean =>
    propagatedAt <= clock() && (!deleted || acceptedUntil > clock());
  return {
    begin: (everywhere = false) => ({
      ...{ propagatedAt: everywhere ? always : knownAfter(propagationMs), deleted: false, acceptedUntil: always },
    }),
    end: (value) => void Object.assign(value, { deleted: true, acceptedUntil: knownAfter(deletionLagMs) }),
    accepts(value, request) {
      const isLate = ((request?.connection ?? 0) + 1) % lateEvery === 0;
      if (request) return isLate ? late(value) : !value.deleted;
      return late(value) || (lateEvery > 1 && !value.deleted);
    },
  };
}
