import { settling } from './patience.js';

/** How often a refusal has to be seen, evenly spaced over the settling time. */
export const refusalProbes = 5;

const firstRetryMs = 1000; // doubling, so that the 60 seconds a change may take are eight attempts

/** Asks again after as long as it took so far, but not later than when the settling time ends. */
export function stillSettling(message: string, waitedMs: number, settlingMs: number): Error {
  return settling(message, Math.min(settlingMs - waitedMs, Math.max(waitedMs, firstRetryMs)));
}
