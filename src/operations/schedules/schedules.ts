import {
  type Client,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type ScheduleDescription,
  type ScheduleSpecDescription,
} from '@temporalio/client';
import { descriptorOf } from '../../../workers/descriptor.js';
import { schedulePlanOf } from '../../config/schedule-plan.js';
import { recommendationText } from '../../domain/procedure.js';
import type { SchedulePlan } from '../../schedules/plan.js';
import { firstAnchor, inForceSince, type Records, recordsOf, dueTimesOf } from '../../schedules/due-times.js';
import { hasMoments, termsOf } from '../../schedules/terms.js';
import { scheduledId, scheduleId, taskQueueOf } from '../../domain/temporal-names.js';
import type { Cadence } from '../../store/records.js';
import type { Store } from '../../store/store.js';
import type { Session } from '../session/session.js';

/** What has to be done so that a credential's Temporal Schedule agrees with the configuration. */
export interface ScheduleChange {
  readonly credential: string;
  readonly change: 'create' | 'update' | 'delete' | 'keep' | 'none';
  /** Why, in a few words. */
  readonly why: string;
  /** Null where there is nothing to schedule. */
  readonly schedule: ScheduleOutlook | null;
}

interface ScheduleOutlook {
  /** For instance `every 90 days`. */
  readonly basis: string;
  /** Unix ms. */
  readonly dueAt: number;
  /** Unix ms of when it may begin by its window. */
  readonly opensAt: number;
  /** Where the interval is counted from, for the store. */
  readonly cadence: Cadence;
}

type Connected = Pick<Session, 'config' | 'store'>;

/** Compares configuration, store and Temporal. Changes nothing. */
export async function planSchedules(session: Connected, client: Client): Promise<ScheduleChange[]> {
  const names = Object.keys(session.config.credentials);
  const gone = (await ownSchedules(session, client, scheduleId(session.store.installation, ''))).filter(
    (name) => !names.includes(name),
  );
  return [
    ...(await Promise.all(names.map((name) => planSchedule(session, client, name)))),
    ...gone.map((credential) => {
      const why = 'it is no longer in the configuration';
      return { credential, change: 'delete', why, schedule: null } as const;
    }),
  ];
}

/** Makes the changes of `planSchedules`, and returns them. */
export async function applySchedules(session: Connected, client: Client, actor: string): Promise<ScheduleChange[]> {
  const changes = await planSchedules(session, client);
  for (const change of changes) await applyChange(session, client, { ...change, actor });
  return changes;
}

/** The same for one credential that the configuration has. */
export async function planSchedule(session: Connected, client: Client, credential: string): Promise<ScheduleChange> {
  const descriptor = descriptorOf(session.config, credential);
  const plan = schedulePlanOf(session.config, credential, descriptor);
  const described = await describe(client, scheduleId(session.store.installation, credential));
  if (plan) return changeOf(session.store, plan, described);
  const why = `the guide names no interval: rotate it ${recommendationText(descriptor)}`;
  return { credential, change: described ? 'delete' : 'none', why, schedule: null };
}

async function changeOf(
  store: Store,
  plan: SchedulePlan,
  described: ScheduleDescription | null,
): Promise<ScheduleChange> {
  const { credential } = plan;
  const records = await recordsOf(store, credential);
  const now = Date.now();
  const cadence = cadenceFor(plan, records, now);
  if (!cadence)
    return { credential, change: 'none', why: `nothing is adopted: keyturn adopt ${credential}`, schedule: null };
  const times = dueTimesOf(plan, { ...records, cadence }, now);
  if (!times) throw new Error(`${credential} has a cadence and no version in force`);
  const { dueAt, opensAt } = times;
  const { anchor } = cadence;
  const agrees =
    described?.action.memo?.['terms'] === termsOf(plan, anchor, now).text &&
    isUntouched(described, plan, { anchor, now });
  const change = agrees ? 'keep' : described ? 'update' : 'create';
  const why = change === 'update' ? `it differs from the configuration; ${cadence.why}` : cadence.why;
  return { credential, change, why, schedule: { basis: plan.basis, dueAt, opensAt, cadence } };
}

/** Where the interval is counted from: as before, unless a rotation or a changed configuration moved that. Null without a version in force. */
function cadenceFor(plan: SchedulePlan, records: Records, now: number): Cadence | null {
  const { basis } = plan;
  const since = inForceSince(records);
  if (since === null) return null;
  if (records.cadence?.basis === basis) {
    const { anchor, reset } = dueTimesOf(plan, records, now) ?? { anchor: since, reset: null };
    if (!reset) return records.cadence;
    const emergency = reset.seized || reset.request.trigger === 'emergency';
    const what = emergency
      ? 'reset by the emergency rotation'
      : `${reset.request.actor} asked for it with the rotation`;
    return { basis, anchor, why: `${what} to version ${reset.version}` };
  }
  const { anchor, late } = firstAnchor(plan, since, now);
  if (late) return { basis, anchor, why: 'it was due already; it is announced first, and does not rotate at once' };
  return {
    basis,
    anchor,
    why: anchor === since ? 'counted from when its version came into force' : 'counted from now',
  };
}

/** Makes one change, first in Temporal and then in the store. After a crash in between, the next comparison makes it again. */
export async function applyChange(
  { store, config }: Connected,
  client: Client,
  { credential, change, schedule, actor }: ScheduleChange & { readonly actor: string },
): Promise<void> {
  const id = scheduleId(store.installation, credential);
  if (change === 'delete') {
    await client.schedule.getHandle(id).delete();
    return store.dropCadence(credential, actor);
  }
  const plan = schedule && schedulePlanOf(config, credential, descriptorOf(config, credential));
  if (!plan) return;
  const { anchor, basis } = schedule.cadence;
  const options = optionsOf(plan, { anchor, installation: store.installation });
  if (change === 'update') await client.schedule.getHandle(id).update(({ state }) => ({ ...options, state }));
  if (change === 'create') {
    const state = await pausedBefore(store, credential);
    await client.schedule.create({ ...options, scheduleId: id, memo: { keyturn: store.installation }, state });
  }
  const known = await store.cadence(credential);
  if (known?.anchor !== anchor || known.basis !== basis) await store.setCadence(credential, schedule.cadence, actor);
}

/** A schedule that is created again stays paused if it was: Temporal may have lost it, but nobody has resumed it. */
async function pausedBefore(store: Store, credential: string): Promise<{ paused: boolean; note?: string }> {
  const entries = await store.ledger({ credential });
  const last = entries.findLast(({ event }) => event === 'paused' || event === 'resumed' || event === 'unscheduled');
  return last?.event === 'paused' ? { paused: true, note: `${last.actor}: ${last.detail}` } : { paused: false };
}

function optionsOf(plan: SchedulePlan, { anchor, installation }: { anchor: number; installation: string }) {
  const { spec, catchupMs, text } = termsOf(plan, anchor, Date.now());
  return {
    spec,
    action: {
      type: 'startWorkflow',
      workflowType: 'scheduledRotation',
      workflowId: scheduledId(installation, plan.credential),
      taskQueue: taskQueueOf(installation),
      args: [{ credential: plan.credential }],
      memo: { terms: text, keyturn: installation },
      staticSummary: `Schedule of ${plan.credential}: ${plan.basis}`,
    },
    policies: { catchupWindow: catchupMs, overlap: ScheduleOverlapPolicy.SKIP },
  } as const;
}

/** Whether nobody changed a schedule in Temporal itself, as far as Temporal returns what it was given. */
function isUntouched(
  { spec, policies }: ScheduleDescription,
  plan: SchedulePlan,
  moment: { readonly anchor: number; readonly now: number },
): boolean {
  if (policies.overlap !== ScheduleOverlapPolicy.SKIP || (spec.skip ?? []).length > 0) return false;
  return plan.cadence.kind === 'cron' ? hasMoments(spec, plan, moment) : hasInterval(spec, plan.cadence);
}

function hasInterval(
  { intervals = [], calendars = [] }: ScheduleSpecDescription,
  cadence: { everyMs: number },
): boolean {
  const [interval, ...more] = intervals;
  return interval?.every === cadence.everyMs && more.length === 0 && calendars.length === 0;
}

/** Null when there is no schedule with this id. */
export async function describe(client: Client, id: string): Promise<ScheduleDescription | null> {
  try {
    return await client.schedule.getHandle(id).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

/** The names after a prefix that have a schedule of ours, recognized by its id and its memo. */
export async function ownSchedules(
  { store: { installation } }: Pick<Session, 'store'>,
  client: Client,
  prefix: string,
): Promise<string[]> {
  const names: string[] = [];
  for await (const { scheduleId: id, memo } of client.schedule.list())
    if (id.startsWith(prefix) && memo?.['keyturn'] === installation) names.push(id.slice(prefix.length));
  return names;
}
