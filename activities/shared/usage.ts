import type { Evidence, EvidenceKind, Finding } from '../../src/domain/evidence.js';
import { isOwn } from '../../src/domain/last-use.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding } from './evidence.js';
import { notSeenYet, propagating } from './failures.js';
import { stillPropagating } from './propagation.js';

/** Unix seconds by the provider's clock; null when it knows of no use; a text with the reason when it cannot be known. */
export type LastUse = number | null | string;

/** When a value was last used, according to its provider. */
export interface Usage {
  /** The provider's name for people. */
  readonly name: string;
  readonly lastUsed: LastUse;
}

const secondMs = 1000;
const skewMs = 60_000; // several servers of a provider record uses, each by its own clock
const seenForMs = 24 * 60 * 60_000; // a use seen since the switch counts this long; the other checks go stale in ten minutes

/**
 * Whether the provider saw a version used by somebody besides us, by its own clock. Of several uses within `usageResolutionMs` it
 * may record only the first, so our own probe hides any use that follows within that time.
 * @throws NotSeenYet when its data do not show that, or not yet
 */
export async function seenInUse(
  usage: Usage & Resolution & { readonly propagationMs: number },
  store: Store,
  ref: VersionRef,
): Promise<Finding> {
  const { name, lastUsed, propagationMs } = usage;
  if (typeof lastUsed === 'string')
    return recordFinding(store, ref, { kind: 'in-use', outcome: 'not-observable', detail: lastUsed });
  const evidence = await store.evidence(ref);
  const probe = newest(evidence, 'accepted');
  const seen = shownBy({ ...usage, lastUsed }, probe) ?? (await seenSinceSwitch(store, ref, evidence));
  if (seen) return recordFinding(store, ref, seen);
  const detail = whyNotSeen({ name, lastUsed }, probe?.providerTime);
  const document = evidence.find(({ kind }) => kind === 'document' || kind === 'observed');
  const waitedMs = Date.now() - (document?.at ?? 0);
  if (couldShow(usage, probe, document) && waitedMs < propagationMs)
    throw stillPropagating(detail, waitedMs, propagationMs);
  throw notSeenYet(detail);
}

interface Resolution {
  readonly usageResolutionMs: number;
}

/** Proved when the last use is later than our own probe by more than the clocks of the provider's servers may differ. */
function shownBy(
  { name, lastUsed, usageResolutionMs }: Resolution & { readonly name: string; readonly lastUsed: number | null },
  probe: Evidence | undefined,
): Finding | null {
  const probedAt = probe?.providerTime;
  if (lastUsed === null || probedAt === undefined) return null;
  if (lastUsed <= probedAt + Math.min(skewMs, usageResolutionMs) / secondMs) return null;
  const detail = `${name} saw it used ${lastUsed - probedAt} s after our own probe`;
  return { kind: 'in-use', outcome: 'proved', detail, providerTime: lastUsed };
}

/** Whether the provider can have recorded the use by a document, or it came too soon after our own probe. */
function couldShow({ usageResolutionMs }: Resolution, probe: Evidence | undefined, document: Evidence | undefined) {
  return document !== undefined && document.at > (probe?.at ?? 0) + usageResolutionMs;
}

/** A use that was seen earlier. A later probe of ours hides a use, but the earlier finding stays true. */
async function seenSinceSwitch(store: Store, ref: VersionRef, evidence: readonly Evidence[]): Promise<Finding | null> {
  const { promotedAt } = await store.read(ref);
  const since = Math.max(promotedAt ?? Number.POSITIVE_INFINITY, Date.now() - seenForMs);
  return evidence.find(({ kind, outcome, at }) => kind === 'in-use' && outcome === 'proved' && at >= since) ?? null;
}

/**
 * Latest time at which the engine switched to the current version, by the provider's clock (Unix seconds). Either it was seen in
 * use before its promotion, or our own probe of it followed a document that was processed with it.
 */
export async function switchTime(store: Store, credential: string): Promise<number | undefined> {
  const current = (await store.versions(credential)).find(({ state }) => state === 'current');
  if (!current) return undefined;
  const proofs = (await store.evidence(current)).filter(
    ({ outcome, providerTime, at }) =>
      outcome === 'proved' && providerTime !== undefined && at <= (current.promotedAt ?? 0),
  );
  return (proofs.find(({ kind }) => kind === 'in-use') ?? proofs.find(({ kind }) => kind === 'accepted'))?.providerTime;
}

/** Whether a version has been unused since the engine switched to the current one, by the provider's clock alone (Unix seconds). */
export async function unusedSince(
  usage: Usage & Resolution & Pick<Reading, 'switchedAt' | 'readAt'>,
  store: Store,
  ref: VersionRef,
): Promise<Finding> {
  const { name, lastUsed } = usage;
  const evidence = await store.evidence(ref);
  if (typeof lastUsed === 'string') return idle('not-observable', lastUsed);
  if (lastUsed === null && newest(evidence, 'accepted'))
    return idle('not-observable', `${name} shows no use of it at all, not even our own probe`);
  const probes = evidence.filter(({ kind, outcome }) => kind === 'accepted' && outcome === 'proved');
  const judged = judgeIdle({ ...usage, lastUsed, probes });
  if ('leftMs' in judged) throw propagating(judged.why, judged.leftMs);
  return judged;
}

/** A provider's data on the uses of a value, by its clock (Unix seconds). */
export interface Reading extends Resolution {
  readonly name: string;
  readonly lastUsed: number | null;
  /** When the engine switched to the current value. Undefined when that was not observed. */
  readonly switchedAt: number | undefined;
  /** When the data were read. Undefined when the provider gave no time. */
  readonly readAt: number | undefined;
  /** Our own probes with the value. */
  readonly probes: readonly Pick<Evidence, 'providerTime'>[];
}

/** The data are not conclusive yet. */
interface TooEarly {
  readonly why: string;
  readonly leftMs: number;
}

/**
 * Judges whether a value has been unused since the engine switched to the current one. Of several uses within `usageResolutionMs`
 * the provider may have recorded only the first. The data therefore cover only the time after that, up to when they were read.
 */
export function judgeIdle(reading: Reading): Finding | TooEarly {
  const { name, lastUsed, switchedAt, readAt, usageResolutionMs, probes } = reading;
  if (lastUsed === null) return idle('proved', `${name} never saw it used`);
  if (switchedAt === undefined)
    return idle('not-observable', `${name} does not show when the current key came into use`);
  const usedAfter = lastUsed - switchedAt;
  const isOurs = probes.some((probe) => isOwn(probe, lastUsed, usageResolutionMs));
  if (usedAfter > 0 && !isOurs) return idle('failed', `used ${usedAfter} s after the switch`);
  if (readAt === undefined) return idle('not-observable', `${name} gave no time for its data`);
  if (Math.max(switchedAt, lastUsed) - readAt > skewMs / secondMs)
    return idle('not-observable', `the clock of ${name} went back, so its data cannot be compared`);
  const since = Math.max(switchedAt, lastUsed + Math.ceil(usageResolutionMs / secondMs));
  if (readAt < since)
    return {
      why: `${name} may not have recorded a use so soon after the one at ${clock(lastUsed)}; asked again at ${clock(since)}, by its clock`,
      leftMs: (since - readAt) * secondMs,
    };
  return idle('proved', `not used since ${clock(since)}, as ${name} showed at ${clock(readAt)}, by its own clock`);
}

function clock(seconds: number): string {
  return new Date(seconds * secondMs).toISOString().replace('.000', '');
}

/** The last use of a value just before it is revoked: afterwards the provider shows nothing. Unix seconds by its clock. */
export function lastUseFinding({ name, lastUsed }: Usage): Finding {
  if (typeof lastUsed === 'string') return { kind: 'last-use', outcome: 'not-observable', detail: lastUsed };
  if (lastUsed === null) return { kind: 'last-use', outcome: 'not-observable', detail: `${name} showed no use of it` };
  const when = new Date(lastUsed * 1000).toISOString();
  const detail = `${name} last saw it used at ${when}, by its own clock`;
  return { kind: 'last-use', outcome: 'proved', providerTime: lastUsed, detail };
}

function idle(outcome: Finding['outcome'], detail: string): Finding {
  return { kind: 'idle', outcome, detail };
}

function whyNotSeen({ name, lastUsed }: Usage, probedAt: number | undefined): string {
  if (lastUsed === null) return `${name} shows no use of the key yet`;
  if (probedAt === undefined) return `${name} gave no time for our own probe to compare with`;
  return `${name} shows no use of the key after our own probe`;
}

/** Evidence comes newest first. */
function newest(evidence: readonly Evidence[], kind: EvidenceKind): Evidence | undefined {
  return evidence.find((item) => item.kind === kind && item.outcome === 'proved');
}
