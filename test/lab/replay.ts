import type { Tally } from '../support/recordings.js';

/** A value that a real and a simulated system cannot share: which one, what stands for it on both sides, and why. */
export interface Difference {
  readonly why: string;
  /** The part of a text that differs. A number or a boolean counts as its text. */
  readonly matches: RegExp;
  readonly becomes: string;
  /** Only values under this name; anywhere when left out. */
  readonly field?: RegExp;
}

/** What the real system showed and what the simulated one did; or why there is nothing to compare. */
export type Played = { readonly real: unknown; readonly simulated: unknown } | { readonly notPlayed: string };

export interface Replayed {
  /** One line for each value that is not the same. */
  readonly differences: readonly string[];
  readonly tally: Tally;
}

/** Plays the entries of a recording one after another. An entry that throws counts as one that differs. */
export async function replay<E extends { readonly name: string }>(
  exchanges: readonly E[],
  play: (exchange: E, index: number) => Promise<Played> | Played,
): Promise<Replayed> {
  const differences: string[] = [];
  const notPlayed = new Map<string, string[]>();
  for (const [index, exchange] of exchanges.entries()) {
    const name = `[${index}] ${exchange.name}`;
    try {
      const played = await play(exchange, index);
      if ('notPlayed' in played) notPlayed.set(played.notPlayed, [...(notPlayed.get(played.notPlayed) ?? []), name]);
      else differences.push(...compare(played.real, played.simulated).map((line) => `${name}: ${line}`));
    } catch (error) {
      differences.push(`${name}: ${String(error)}`);
    }
  }
  const left = [...notPlayed].map(([why, entries]) => ({ entries, why }));
  const played = exchanges.length - left.reduce((sum, { entries }) => sum + entries.length, 0);
  return { differences, tally: { played, total: exchanges.length, notPlayed: left } };
}

/** Every place where two values are not the same, as `path: real, not simulated`. */
export function compare(real: unknown, simulated: unknown, path = ''): string[] {
  if (isTree(real) && isTree(simulated) && Array.isArray(real) === Array.isArray(simulated)) {
    const names = new Set([...Object.keys(real), ...Object.keys(simulated)]);
    return [...names].flatMap((name) => compare(child(real, name), child(simulated, name), `${path}.${name}`));
  }
  return Object.is(real, simulated) ? [] : [`${path} is ${brief(real)}, not ${brief(simulated)}`];
}

/** The value with everything replaced that must differ. */
export function normalize(value: unknown, differences: readonly Difference[], field = ''): unknown {
  if (isTree(value)) {
    const entries = Object.entries(value).map(([name, each]) => {
      const under = Array.isArray(value) ? field : name;
      return [replaced(name, differences, ''), normalize(each, differences, under)] as const;
    });
    return Array.isArray(value) ? entries.map(([, each]) => each) : Object.fromEntries(entries);
  }
  if (value === null || value === undefined) return value;
  const original = typeof value === 'string' ? value : JSON.stringify(value);
  const text = replaced(original, differences, field);
  return text === original ? value : text;
}

function replaced(text: string, differences: readonly Difference[], field: string): string {
  return differences
    .filter((each) => each.field === undefined || each.field.test(field))
    .reduce((changed, { matches, becomes }) => changed.replace(matches, becomes), text);
}

function isTree(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function child(value: object, name: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[name];
}

function brief(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
