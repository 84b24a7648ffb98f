import type { Beginning, ScheduledInput, ScheduleVerdict } from '../../src/domain/schedule.js';
import type { RotationRequest } from '../../src/domain/rotation.js';
import { rotationId } from '../../src/domain/temporal-names.js';
import { beginsAt, type SchedulePlan } from '../../src/schedules/plan.js';
import { dueTimesOf, inForceSince, type Records, recordsOf } from '../../src/schedules/due-times.js';
import type { Group, RotationRow, Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';

/** The configuration of one credential. */
export interface Configured {
  /** Null where nothing is scheduled: then it begins only when somebody asks for it. */
  readonly plan: SchedulePlan | null;
  readonly groups: readonly Group[];
  beginning(request: RotationRequest): Omit<Beginning, 'workflowId'>;
}

export interface SchedulesDeps {
  readonly store: Store;
  /** Null when the credential is not in the configuration. */
  readonly configured: (credential: string) => Configured | null;
}

/** A scheduled rotation that asks to begin. `now` is by the Temporal server's clock. */
export interface Applicant extends ScheduledInput {
  readonly now: number;
}

const turnMs = 30_000; // about the time of a rotation up to its grace

/** The question of a scheduled rotation before it begins. */
export function createSchedulesActivities({ store, configured }: SchedulesDeps) {
  return {
    /** Whether a scheduled rotation may begin now. If so, its slot is reserved for a minute. */
    async mayBegin({ credential, now, asked }: Applicant): Promise<ScheduleVerdict> {
      const found = configured(credential);
      if (!found) return skip('it is no longer in the configuration: run keyturn schedules apply');
      const { plan } = found;
      const records = await recordsOf(store, credential);
      const why = (await whyNot(store, credential, records)) ?? (asked ? null : whyNotDue(plan, records, now));
      if (why !== null) return skip(why);
      const opens = plan ? opensAt(plan, records, { now, asked }) : now;
      if (opens > now) return { verdict: 'wait', until: opens, why: 'until its window opens' };
      const before = await store.reserve(credential, found.groups);
      if (before.length > 0)
        return { verdict: 'wait', until: now + turnMs, why: `for its turn after ${before.join(', ')}` };
      return { verdict: 'begin', begin: await beginningOf(store, credential, { found, asked }) };
    },

    /** Records in the ledger why nothing was rotated. */
    recordSkipped: async ({ credential, why }: { credential: string; why: string }): Promise<void> =>
      void (await store.record({ event: 'skipped', credential, actor: 'schedule', detail: why })),
  };
}

export type SchedulesActivities = ReturnType<typeof createSchedulesActivities>;

/** Records the request of a due rotation. When a person asked for it, their command has recorded it. */
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

/** When its window lets it begin. */
function opensAt(
  plan: SchedulePlan,
  records: Records,
  { now, asked }: Pick<Applicant, 'now'> & { readonly asked: ScheduledInput['asked'] | undefined },
): number {
  const dueAt = asked ? now : (dueTimesOf(plan, records, now)?.dueAt ?? now);
  return Math.max(beginsAt(plan, dueAt), beginsAt(plan, now));
}

async function whyNot(
  store: Store,
  credential: string,
  { rotations, versions }: Pick<Records, 'rotations' | 'versions'>,
): Promise<string | null> {
  const rotation = rotations.find(({ closedAt }) => closedAt === null);
  if (rotation) return stillOpen(rotation, versions);
  if (inForceSince({ versions }) === null) return `no version of it is in force: run keyturn adopt ${credential}`;
  if ((await store.unreconciledSince(credential)) === null) return null;
  return `the store was restored from a backup: run keyturn reconcile ${credential}`;
}

/** An open rotation whose version is in force is in grace, or has just begun to retire the old version. */
function stillOpen({ version, openedAt, request }: RotationRow, versions: readonly Version[]): string {
  const inForce = versions.some(({ number, state }) => number === version && state === 'current');
  const which = `the rotation to version ${version}, started ${new Date(openedAt).toISOString()} by ${request.actor}`;
  return `the previous rotation is still ${inForce ? 'in grace' : 'open'}: ${which}`;
}

function whyNotDue(plan: SchedulePlan | null, records: Records, now: number): string | null {
  if (!plan) return 'it has no schedule any more: run keyturn schedules apply';
  const { dueAt = now, reset = null } = dueTimesOf(plan, records, now) ?? {};
  if (dueAt <= now) return null;
  const why = reset ? `the rotation to version ${reset.version} reset its cadence` : 'it was rotated already';
  return `not due before ${new Date(dueAt).toISOString()}: ${why}`;
}

function requestOf(plan: SchedulePlan | null, asked: ScheduledInput['asked']): RotationRequest {
  if (asked) return { actor: asked.actor, reason: asked.reason, trigger: 'schedule' };
  return { actor: 'schedule', trigger: 'schedule', reason: ['due by its schedule', plan?.basis].join(', ') };
}
