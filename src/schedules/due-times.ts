import { noticeMs } from '../domain/cadence.js';
import type { Cadence, RotationRow, Version } from '../store/records.js';
import type { Store } from '../store/store.js';
import { beginsAt, dueAfter, intervalMs, type SchedulePlan } from './plan.js';

/** What the store knows about one credential's schedule. */
export interface Records {
  /** Where the interval is counted from; null until `schedules apply`. */
  readonly cadence: Cadence | null;
  readonly versions: readonly Version[];
  /** Newest first. */
  readonly rotations: readonly RotationRow[];
  /** When the version in force expires at the provider, Unix ms; null when it does not, or the provider does not say. */
  readonly endsAt: number | null;
}

/** Due times of a credential between its last rotation and the next. Unix ms. */
export interface DueTimes {
  /** Where the interval is counted from. */
  readonly anchor: number;
  /** The rotation that moved the anchor since the schedule was made: an emergency, or one requested to do so. */
  readonly reset: RotationRow | null;
  readonly scheduled: boolean;
  /** The first due time since the last rotation; may be in the past. */
  readonly dueAt: number;
  /** When the version in force expires at the provider; null when it does not, or the provider does not say. */
  readonly endsAt: number | null;
  /** It is due because of that expiry, not because of its interval. */
  readonly byEnd: boolean;
  /** The next time at which the window allows a scheduled rotation to begin. */
  readonly opensAt: number;
  readonly overdue: boolean;
}

export async function recordsOf(store: Store, credential: string): Promise<Records> {
  const [cadence, versions, rotations] = await Promise.all([
    store.cadence(credential),
    store.versions(credential),
    store.rotations(credential),
  ]);
  return { cadence, versions, rotations, endsAt: await endOf(store, versions) };
}

async function endOf(store: Store, versions: readonly Version[]): Promise<number | null> {
  const current = versions.find(({ state }) => state === 'current');
  if (!current) return null;
  const end = (await store.evidence(current)).find(({ kind }) => kind === 'ends')?.providerTime;
  return end === undefined ? null : end * 1000; // days ahead, so the difference between the provider's clock and ours does not matter
}

const longestLeadMs = 7 * 24 * 3_600_000;

/** Latest due time of a value that expires: a week before its end, or a quarter of its life if that is shorter. */
export function dueByEnd({ endsAt }: Pick<Records, 'endsAt'>, since: number): number {
  return endsAt === null ? Number.POSITIVE_INFINITY : endsAt - Math.min(longestLeadMs, (endsAt - since) / 4);
}

/** Null when there is no version in force, because there is nothing to rotate. */
export function dueTimesOf(plan: SchedulePlan, records: Records, now: number): DueTimes | null {
  const since = inForceSince(records);
  if (since === null) return null;
  const { cadence, rotations } = records;
  const { anchor, reset } = originOf(records, since);
  const regular = cadence ? dueAfter(plan, anchor, lastClosedAt(records, since)) : since + intervalMs(plan, since);
  const dueAt = Math.min(regular, dueByEnd(records, since));
  const byEnd = dueAt < regular;
  const latest = cadence && !byEnd ? beginsAt(plan, dueAt) + toleranceMs(plan, dueAt) : dueAt;
  const inProgress = rotations.some(({ closedAt }) => closedAt === null);
  return {
    ...{ anchor, dueAt, reset, scheduled: cadence !== null, endsAt: records.endsAt, byEnd },
    opensAt: beginsAt(plan, Math.max(dueAt, now)),
    overdue: !inProgress && latest < now,
  };
}

/** When the last rotation ended. Due times before it, during the old value's grace, no longer count. */
function lastClosedAt({ rotations }: Records, since: number): number {
  return Math.max(since, ...rotations.filter(isGood).map(({ closedAt }) => closedAt ?? since));
}

/**
 * The anchor of a new schedule: the last rotation, if the first due time leaves enough notice. Otherwise an anchor that does, and
 * `late` is true.
 */
export function firstAnchor(plan: SchedulePlan, since: number, now: number): { anchor: number; late: boolean } {
  const everyMs = intervalMs(plan, now);
  const earliest = now + noticeMs(everyMs);
  if (plan.cadence.kind === 'cron') return { anchor: now, late: false };
  if (dueAfter(plan, since, since) >= earliest) return { anchor: since, late: false };
  return { anchor: earliest - everyMs, late: true };
}

/** When the version in force was promoted. */
export function inForceSince({ versions }: Pick<Records, 'versions'>): number | null {
  const current = versions.find(({ state }) => state === 'current');
  return current ? (current.promotedAt ?? current.createdAt) : null;
}

const goodEnds: readonly RotationRow['outcome'][] = ['retired', 'replaced'];

function isGood({ outcome }: RotationRow): boolean {
  return goodEnds.includes(outcome);
}

/** The anchor, moved to the newest later rotation that resets the interval. */
function originOf({ cadence, versions, rotations }: Records, since: number): Pick<DueTimes, 'anchor' | 'reset'> {
  if (!cadence) return { anchor: since, reset: null };
  for (const reset of rotations.filter(resetsInterval)) {
    const anchor = versions.find(({ number }) => number === reset.version)?.promotedAt ?? 0;
    if (anchor > cadence.anchor) return { anchor, reset };
  }
  return { anchor: cadence.anchor, reset: null };
}

/** True for emergencies, and for rotations requested to do so, unless they were rolled back. */
function resetsInterval(rotation: RotationRow): boolean {
  const { trigger, resetsCadence = false } = rotation.request;
  const resets = resetsCadence || trigger === 'emergency' || rotation.seized;
  return resets && (rotation.outcome === null || isGood(rotation));
}

const mostToleranceMs = 3_600_000;

/** How late a rotation may begin before it is overdue, because it may have to wait for a free slot. */
function toleranceMs(plan: SchedulePlan, at: number): number {
  return plan.jitterMs + Math.min(intervalMs(plan, at) / 20, mostToleranceMs);
}
