import { noticeMs } from '../domain/cadence.js';
import type { Cadence, RotationRow, Version } from '../store/records.js';
import type { Store } from '../store/store.js';
import { beginsAt, dueAfter, intervalMs, type SchedulePlan } from './plan.js';

/** What the store knows of one credential, as far as schedules go. */
export interface Records {
  /** Where its interval is counted from; null until `schedules apply`. */
  readonly cadence: Cadence | null;
  readonly versions: readonly Version[];
  /** Newest first. */
  readonly rotations: readonly RotationRow[];
  /** When the provider ends the version in force by itself, Unix ms; null when it does not, or does not say. */
  readonly endsAt: number | null;
}

/** Where a credential stands between its last rotation and the next. Unix ms. */
export interface DueTimes {
  /** Where the interval is counted from. */
  readonly anchor: number;
  /** What moved the anchor since the schedule was made: an emergency, or a rotation that was asked to. */
  readonly reset: RotationRow | null;
  readonly scheduled: boolean;
  /** The first moment it falls due since it was last rotated; may be past. */
  readonly dueAt: number;
  /** When the provider ends the version in force by itself; null when it does not, or does not say. */
  readonly endsAt: number | null;
  /** It is due because of that end, and not by its interval. */
  readonly byEnd: boolean;
  /** The next moment at which a scheduled rotation may begin by its window. */
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
  return end === undefined ? null : end * 1000; // days ahead: the provider's clock and ours may be compared
}

const longestLeadMs = 7 * 24 * 3_600_000;

/** When a value that ends by itself has to be rotated at the latest: a week before, or a quarter of its life. */
export function dueByEnd({ endsAt }: Pick<Records, 'endsAt'>, since: number): number {
  return endsAt === null ? Number.POSITIVE_INFINITY : endsAt - Math.min(longestLeadMs, (endsAt - since) / 4);
}

/** Null without a version in force: there is nothing to rotate then. */
export function dueTimesOf(plan: SchedulePlan, records: Records, now: number): DueTimes | null {
  const since = inForceSince(records);
  if (since === null) return null;
  const { cadence, rotations } = records;
  const { anchor, reset } = originOf(records, since);
  const regular = cadence ? dueAfter(plan, anchor, settledAt(records, since)) : since + intervalMs(plan, since);
  const dueAt = Math.min(regular, dueByEnd(records, since));
  const byEnd = dueAt < regular;
  const latest = cadence && !byEnd ? beginsAt(plan, dueAt) + toleranceMs(plan, dueAt) : dueAt;
  const open = rotations.some(({ closedAt }) => closedAt === null);
  return {
    ...{ anchor, dueAt, reset, scheduled: cadence !== null, endsAt: records.endsAt, byEnd },
    opensAt: beginsAt(plan, Math.max(dueAt, now)),
    overdue: !open && latest < now,
  };
}

/** When the last rotation was over: what fell due before, while the old value was in its grace, is done. */
function settledAt({ rotations }: Records, since: number): number {
  return Math.max(since, ...rotations.filter(isGood).map(({ closedAt }) => closedAt ?? since));
}

/** From when a credential that gets its schedule now counts: its last rotation, or so that it is announced for a while where that is long ago. */
export function firstAnchor(plan: SchedulePlan, since: number, now: number): { anchor: number; late: boolean } {
  const everyMs = intervalMs(plan, now);
  const earliest = now + noticeMs(everyMs);
  if (plan.cadence.kind === 'cron') return { anchor: now, late: false };
  if (dueAfter(plan, since, since) >= earliest) return { anchor: since, late: false };
  return { anchor: earliest - everyMs, late: true };
}

/** When the version in force became it. */
export function inForceSince({ versions }: Pick<Records, 'versions'>): number | null {
  const current = versions.find(({ state }) => state === 'current');
  return current ? (current.promotedAt ?? current.createdAt) : null;
}

const goodEnds: readonly RotationRow['outcome'][] = ['retired', 'replaced'];

function isGood({ outcome }: RotationRow): boolean {
  return goodEnds.includes(outcome);
}

/** The anchor, moved to the newest rotation since from which the interval is counted anew. */
function originOf({ cadence, versions, rotations }: Records, since: number): Pick<DueTimes, 'anchor' | 'reset'> {
  if (!cadence) return { anchor: since, reset: null };
  for (const reset of rotations.filter(countsAnew)) {
    const anchor = versions.find(({ number }) => number === reset.version)?.promotedAt ?? 0;
    if (anchor > cadence.anchor) return { anchor, reset };
  }
  return { anchor: cadence.anchor, reset: null };
}

/** Emergencies do, and rotations that were asked to. What was rolled back rotated nothing. */
function countsAnew(rotation: RotationRow): boolean {
  const { trigger, resetsCadence = false } = rotation.request;
  const resets = resetsCadence || trigger === 'emergency' || rotation.seized;
  return resets && (rotation.outcome === null || isGood(rotation));
}

const mostToleranceMs = 3_600_000;

/** A rotation that has not begun this long after it should have is overdue: it may have had to wait for its turn. */
function toleranceMs(plan: SchedulePlan, at: number): number {
  return plan.jitterMs + Math.min(intervalMs(plan, at) / 20, mostToleranceMs);
}
