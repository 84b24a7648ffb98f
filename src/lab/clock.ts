/** Returns Unix milliseconds by a simulated system's own clock. */
export type Clock = () => number;

/** A clock that runs `rate` times faster, so that tests do not wait for resolutions of a second and windows of a minute. */
export function fastClock(rate: number): Clock {
  const [start, begun] = [Date.now(), performance.now()];
  return () => Math.round(start + (performance.now() - begun) * rate);
}
