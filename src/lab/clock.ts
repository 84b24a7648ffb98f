/** Unix milliseconds by a simulated system's own clock. */
export type Clock = () => number;

/** Runs `rate` times faster from now on, so that resolutions of one second and windows of a minute stop mattering in tests. */
export function fastClock(rate: number): Clock {
  const [start, begun] = [Date.now(), performance.now()];
  return () => Math.round(start + (performance.now() - begun) * rate);
}
