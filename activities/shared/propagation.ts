import { ApplicationFailure } from '@temporalio/common';
import type { Evidence } from '../../src/domain/evidence.js';
import type { FailureType } from '../../src/domain/failure.js';
import type { Store } from '../../src/store/store.js';
import type { VersionRef } from '../../src/domain/version.js';
import { permanent, propagating } from './failures.js';
import { scope } from './scope.js';

/** Consecutive refusals required, and consecutive acceptances where more depends on them. */
const rounds = 5;

const longestDoubtMs = 60_000; // valid values were refused for half a minute at AWS
const longestGapMs = 60_000; // between two rounds in a row, besides the propagation delay: a worker may die and come back
const firstRetryMs = 1000; // doubling, so that the 60 seconds a change may take are eight attempts

/** Asks again after as long as it took so far, but not later than when the propagation delay ends. */
export function stillPropagating(message: string, waitedMs: number, propagationMs: number): Error {
  return propagating(message, Math.min(propagationMs - waitedMs, Math.max(waitedMs, firstRetryMs)));
}

/** Rounds in a row that ended alike. */
export interface Streak {
  readonly times: number;
  /** Milliseconds from the first to the last. */
  readonly lastedMs: number;
}

/**
 * Keeps how a round of questions ended, and tells how many in a row ended so. The rounds are in the store, so a streak outlives the
 * attempt, the worker and the activity that asked; whoever hears the opposite meanwhile ends it. Of refusals a long gap does so too.
 */
export async function countRound(
  store: Store,
  ref: Pick<VersionRef, 'credential' | 'number'>,
  {
    refused,
    detail,
    propagationMs,
  }: { readonly refused: boolean; readonly detail: string; readonly propagationMs: number },
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

/** Several rounds, spread over so long. Where nothing has to settle, one is enough. */
export function isLasting({ times, lastedMs }: Streak, overMs: number): boolean {
  return overMs === 0 ? times > 0 : times >= rounds && lastedMs >= overMs;
}

/** How long a refusal has to last where an acceptance is what is expected, in milliseconds. */
export function doubtMs(propagationMs: number): number {
  return Math.min(propagationMs, longestDoubtMs);
}

/** Asks again soon enough for all rounds to fit into `overMs`. */
export function anotherRound(message: string, overMs: number): Error {
  return propagating(message, Math.ceil(overMs / (rounds - 1)));
}

/** A refusal of whoever manages the values, which may pass: final when the activity has met it in several attempts over a minute. */
export function doubted(message: string, propagationMs: number): Error {
  const overMs = doubtMs(propagationMs);
  const { waitedMs, writer } = scope();
  const tries = writer.attempt?.number ?? rounds;
  if (overMs === 0 || (waitedMs >= overMs && tries >= rounds)) return permanent('Unauthorized', message);
  const type: FailureType = 'Unavailable';
  return ApplicationFailure.create({
    message: `${message}. Asked again, since such refusals pass`,
    type,
    nextRetryDelay: Math.ceil(overMs / (rounds - 1)),
  });
}

function shows({ kind, outcome }: Evidence, what: 'accepted' | 'refused'): boolean {
  if (kind === 'accepted') return outcome === (what === 'accepted' ? 'proved' : 'failed');
  return (kind === 'refused' || kind === 'refusing') && outcome === (what === 'accepted' ? 'failed' : 'proved');
}
