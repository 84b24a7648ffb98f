import type { Fault } from './fault.js';
import type { Boundary } from './cases.js';
import type { Outgoing, Point } from './setback.js';
import { type Sandbox, within } from './sandbox.js';

export const reachMs = 60_000; // a busy machine is slow to reach the last boundary

export const entry = (): Point[] => [{ at: 'entry' }];

/**
 * Whether the provider has one value at a time. The earlier value is dead as soon as the next one is created, so there
 * is no grace.
 */
export function hasOneValue(all: readonly Boundary[]): boolean {
  const planned = all.filter(({ flow }) => flow === 'planned').map(({ activity }) => activity);
  const isByHand = planned.includes('by-hand.generate') && !planned.includes('by-hand.askToRevoke');
  return isByHand || planned.some((activity) => activity.endsWith('.replace'));
}

export async function reached({ worker }: Sandbox): Promise<Outgoing | null> {
  return within('the worker comes to its setback', worker.reached, reachMs);
}

/** A fault at which the worker waits at its setback until something has happened elsewhere. */
export function outside(
  name: string,
  points: Fault['points'],
  happen: (sandbox: Sandbox, request: Outgoing | null) => Promise<void>,
): Fault {
  return {
    ...{ name, points, act: 'pause' },
    async play(sandbox) {
      await happen(sandbox, await reached(sandbox));
      sandbox.worker.goOn();
    },
  };
}
