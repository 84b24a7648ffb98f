import type { Evidence } from '../../src/domain/evidence.js';
import type { Store } from '../../src/store/store.js';
import type { VersionRef } from '../../src/domain/version.js';
import { failure, permanent, propagating } from './failures.js';
import { scope } from './scope.js';

/** Consecutive refusals required, and consecutive acceptances where more depends on them. Some providers allow fewer. */
const rounds = 5;

const longestDoubtMs = 60_000; // AWS was seen to refuse valid values for half a minute
const longestGapMs = 60_000; // between two consecutive rounds, besides the propagation delay: a worker may die and come back
const firstRetryMs = 1000; // doubles each time: eight attempts in a propagation delay of 60 seconds

/** A retry after the time waited so far, at the latest when the propagation delay ends. */
export function stillPropagating(message: string, waitedMs: number, propagationMs: number): Error {
  return propagating(message, Math.min(propagationMs - waitedMs, Math.max(waitedMs, firstRetryMs)));
}

/** Consecutive rounds with the same result. */
export interface Streak {
  readonly times: number;
  /** Milliseconds from the first to the last. */
  readonly lastedMs: number;
}

/** The result of one round of questions about a value, and the propagation delay of the provider. */
interface Round {
  readonly refused: boolean;
  readonly detail: string;
  readonly propagationMs: number;
}

/**
 * Records the result of a round and returns the streak that it continues. The rounds are in the store, so a streak outlives the
 * attempt, the worker and the activity. The opposite result ends a streak, and so does a long gap between refusals.
 */
export async function countRound(
  store: Store,
  ref: Pick<VersionRef, 'credential' | 'number'>,
  { refused, detail, propagationMs }: Round,
): Promise<Streak> {
  await store.prove(ref, { kind: 'refusing', outcome: refused ? 'proved' : 'failed', detail });
  const [opposite, longestMs] = refused
    ? (['accepted', propagationMs + longestGapMs] as const)
    : (['refused', Infinity] as const);
  const times: number[] = [];
  for (const finding of await store.evidence(ref)) {
    const gapMs = (times.at(-1) ?? finding.at) - finding.at;
    if (shows(finding, opposite) || gapMs > longestMs) break;
    if (finding.kind === 'refusing') times.push(finding.at);
  }
  return { times: times.length, lastedMs: Math.max(0, ...times) - Math.min(...times) };
}

/** Enough rounds, spread over at least `overMs`. One is enough where there is no propagation delay. */
export function isLasting({ times, lastedMs }: Streak, overMs: number, least = rounds): boolean {
  return overMs === 0 ? times > 0 : times >= least && lastedMs >= overMs;
}

/** How long a refusal has to last when an acceptance is expected, in milliseconds. */
export function doubtMs(propagationMs: number): number {
  return Math.min(propagationMs, longestDoubtMs);
}

/** A retry soon enough for all rounds to fit into `overMs`. */
export function anotherRound(message: string, overMs: number, least = rounds): Error {
  return propagating(message, Math.ceil(overMs / (least - 1)));
}

/** A refusal of the credential that manages the values. It may be transient, so it is final only after several attempts over up to a minute. */
export function doubted(message: string, propagationMs: number): Error {
  const overMs = doubtMs(propagationMs);
  const { waitedMs, writer } = scope();
  const tries = writer.attempt?.number ?? rounds;
  if (overMs === 0 || (waitedMs >= overMs && tries >= rounds)) return permanent('Unauthorized', message);
  const nextRetryDelay = Math.ceil(overMs / (rounds - 1));
  return failure('Unavailable', `${message}. Asked again, since such refusals pass`, { nextRetryDelay });
}

function shows({ kind, outcome }: Evidence, what: 'accepted' | 'refused'): boolean {
  if (kind === 'accepted') return outcome === (what === 'accepted' ? 'proved' : 'failed');
  return (kind === 'refused' || kind === 'refusing') && outcome === (what === 'accepted' ? 'failed' : 'proved');
}
