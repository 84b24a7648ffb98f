import type { Beginning, ScheduledInput, ScheduleVerdict } from '../../src/domain/schedule.js';
import type { RotationRequest } from '../../src/domain/rotation.js';
import { rotationId } from '../../src/domain/temporal-names.js';
import { beginsAt, type SchedulePlan } from '../../src/schedules/plan.js';
import { recordsOf, type DueTimes, dueTimesOf } from '../../src/schedules/due-times.js';
import type { Group, RotationRow, Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';

/** What the configuration says of one credential. */
export interface Configured {
  readonly plan: SchedulePlan;
  readonly groups: readonly Group[];
  beginning(request: RotationRequest): Omit<Beginning, 'workflowId'>;
}

export interface SchedulesDeps {
  readonly store: Store;
  /** Null when the configuration does not have it. */
  readonly configured: (credential: string) => Configured | null;
}

/** Somebody whose turn may have come, with the time by the Temporal server's clock. */
export interface Applicant extends ScheduledInput {
  readonly now: number;
}

const turnMs = 30_000; // a rotation takes about as long up to its grace; somebody in front may end any time

/** What scheduled rotations ask before they begin. */
export function createSchedulesActivities({ store, configured }: SchedulesDeps) {
  return {
    /** Whether a scheduled rotation may begin now; if so, its place is taken for a minute. */
    async mayBegin({ credential, now, asked }: Applicant): Promise<ScheduleVerdict> {
      const found = configured(credential);
      if (!found) return skip('it is not in the configuration any more: keyturn schedules apply');
      const records = await recordsOf(store, credential);
      const times = dueTimesOf(found.plan, records, now);
      const why = await whyNot(store, credential, { ...records, times });
      if (why !== null) return skip(why);
      const dueAt = asked || !times ? now : times.dueAt;
      if (dueAt > now) return skip(notDue(dueAt, times?.reset ?? null));
      const opens = Math.max(beginsAt(found.plan, dueAt), beginsAt(found.plan, now));
      if (opens > now) return { verdict: 'wait', until: opens, why: 'until its window opens' };
      const before = await store.reserve(credential, found.groups);
      if (before.length > 0)
        return { verdict: 'wait', until: now + turnMs, why: `for its turn after ${before.join(', ')}` };
      return { verdict: 'begin', begin: await beginningOf(store, credential, { found, asked }) };
    },

    /** The ledger says why nothing was rotated. */
    recordSkipped: async ({ credential, why }: { credential: string; why: string }): Promise<void> =>
      void (await store.record({ event: 'skipped', credential, actor: 'schedule', detail: why })),
  };
}

export type SchedulesActivities = ReturnType<typeof createSchedulesActivities>;

/** What is due is written down here; what somebody asked for, their command has written down. */
async function beginningOf(
  store: Store,
  credential: string,
  { found, asked }: { readonly found: Configured; readonly asked: ScheduledInput['asked'] | undefined },
): Promise<Beginning> {
  const workflowId = rotationId(store.installation, credential);
  const request = requestOf(found.plan, asked);
  const wish = asked ? asked.wish : await store.wish({ for: 'rotation', credential, workflowId, ...request });
  const { input, ...beginning } = found.beginning(request);
  return { ...beginning, workflowId, input: { ...input, ...(wish !== undefined && { wish }) } };
}

function skip(why: string): ScheduleVerdict {
  return { verdict: 'skip', why };
}

interface Subject {
  readonly times: DueTimes | null;
  readonly rotations: readonly RotationRow[];
  readonly versions: readonly Version[];
}

async function whyNot(
  store: Store,
  credential: string,
  { times, rotations, versions }: Subject,
): Promise<string | null> {
  const open = rotations.find(({ closedAt }) => closedAt === null);
  if (open) return stillOpen(open, versions);
  if (!times) return `no version of it is in force: keyturn adopt ${credential}`;
  if ((await store.unreconciledSince(credential)) === null) return null;
  return `the store was restored from a backup: keyturn reconcile ${credential}`;
}

/** A rotation that is open while its version is in force waits for the end of its grace, or has just begun to retire the old one. */
function stillOpen({ version, openedAt, request }: RotationRow, versions: readonly Version[]): string {
  const inForce = versions.some(({ number, state }) => number === version && state === 'current');
  const which = `the rotation to version ${version}, begun ${new Date(openedAt).toISOString()} by ${request.actor}`;
  return inForce ? `its predecessor is still in grace: ${which}` : `its predecessor is not over: ${which}`;
}

function notDue(dueAt: number, reset: RotationRow | null): string {
  const until = `it is not due before ${new Date(dueAt).toISOString()}`;
  return reset
    ? `${until}: the rotation to version ${reset.version} reset its cadence`
    : `${until}: it was rotated already`;
}

function requestOf({ basis }: SchedulePlan, asked: ScheduledInput['asked']): RotationRequest {
  if (asked) return { actor: asked.actor, reason: asked.reason, trigger: 'schedule' };
  return { actor: 'schedule', trigger: 'schedule', reason: `due by its schedule, ${basis}` };
}
