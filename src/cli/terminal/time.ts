const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** A length of time, short and rounded, in at most two units: `3 d 4 h`, `12 s`, `0.3 s`. */
export function roughly(ms: number): string {
  if (ms < 10_000) return `${(Math.max(ms, 0) / 1000).toFixed(1)} s`;
  const first = units.findIndex(([, size]) => ms >= size);
  const parts: string[] = [];
  let rest = ms;
  for (const [unit, size] of units.slice(first, first + 2)) {
    const amount = Math.floor(rest / size);
    if (amount > 0) parts.push(`${amount} ${unit}`);
    rest -= amount * size;
  }
  return parts.join(' ');
}

/** A moment by the local clock, to the second: `2026-03-01 14:05:09`. */
export function moment(at: number): string {
  return new Date(at).toLocaleString('sv-SE'); // the Swedish way to write it is ISO 8601
}

/** The same with how far it is: `2026-03-01 14:05:09 (in 23 h 59 min)`. */
export function momentAndDistance(at: number, now: number): string {
  return `${moment(at)} (${at > now ? `in ${roughly(at - now)}` : `${roughly(now - at)} ago`})`;
}
