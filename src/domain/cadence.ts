/** When a credential falls due: at a fixed interval, counted from its anchor. Milliseconds. */
export interface Grid {
  /** Unix ms of the adoption, rotation or reset that the interval is counted from. */
  readonly anchor: number;
  readonly everyMs: number;
  /** Shifts the whole grid, so that credentials of the same age do not fall due together. */
  readonly staggerMs: number;
}

const secondMs = 1000; // the shortest unit of a Temporal Schedule
const dayMs = 86_400_000;

/** The first due time after `after`; at least one whole interval after the anchor. */
export function dueOnGrid({ anchor, everyMs, staggerMs }: Grid, after: number): number {
  const first = wholeSeconds(anchor) + everyMs + staggerMs;
  return after < first ? first : first + (Math.floor((after - first) / everyMs) + 1) * everyMs;
}

export function wholeSeconds(ms: number): number {
  return Math.ceil(ms / secondMs) * secondMs;
}

/** Shortest notice before the first run of a new schedule, so that an overdue credential does not rotate at once. */
export function noticeMs(everyMs: number): number {
  return Math.min(everyMs, dayMs);
}

const staggerShare = 20; // a twentieth of the interval, at most a day: enough to spread rotations, too little to matter

/** A credential's own delay within its interval. */
export function staggerMs(credential: string, everyMs: number): number {
  const longest = Math.min(everyMs / staggerShare, dayMs);
  return Math.floor((shareOf(credential) * longest) / secondMs) * secondMs;
}

/** A number from 0 up to 1 that depends only on the name and spreads similar names (FNV-1a, then MurmurHash3's finalizer). */
export function shareOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
