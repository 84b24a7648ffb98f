const unitMs = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 604_800_000 } as const;
type Unit = keyof typeof unitMs;
const unitNames = Object.keys(unitMs) as Unit[]; // each begins with a different letter

/** A length of time as people write it: `90 days`, `1 hour`, `30 seconds`. */
export type Duration = `${number} ${Unit | `${Unit}s`}`;

const pattern = /^(\d+(?:\.\d+)?) (second|minute|hour|day|week)s?$/;

export function isDuration(text: string): text is Duration {
  return pattern.test(text);
}

/** Every accepted spelling, as a regular expression: the long one, and short ones such as `10s`, `5 min` or `24h`. */
export const durationSpellings = String.raw`^\d+(\.\d+)?( (second|minute|hour|day|week)s?| ?(s|m|min|h|d|w))$`;
const spelling = new RegExp(durationSpellings);

/** Reads a duration in any accepted spelling: `24h` becomes `24 hours`. Null when the text is not a duration. */
export function readDuration(text: string): Duration | null {
  if (isDuration(text)) return text;
  if (!spelling.test(text)) return null;
  const amount = Number.parseFloat(text);
  const short = text.replace(/^[\d. ]+/, '').charAt(0);
  const unit = unitNames.find((name) => name.startsWith(short)) ?? 'second';
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}

/**
 * Milliseconds of a duration.
 * @throws RangeError when the text is not a duration
 */
export function durationMs(text: string): number {
  const [, amount, unit] = pattern.exec(text) ?? [];
  if (amount === undefined)
    throw new RangeError(`not a duration: "${text}" (write for example "90 days" or "30 seconds")`);
  return Math.round(Number(amount) * unitMs[unit as Unit]);
}

/** The shortest exact spelling: 5400000 → `90 minutes`, 1500 → `1.5 seconds`. */
export function formatDuration(ms: number): Duration {
  const units = Object.entries(unitMs).reverse() as [Unit, number][];
  const [unit, size] = units.find(([, size]) => ms >= size && ms % size === 0) ?? ['second', unitMs.second];
  const amount = ms / size;
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}
