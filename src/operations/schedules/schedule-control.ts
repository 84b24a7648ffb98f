import type { Client } from '@temporalio/client';
import type { ScheduledInput } from '../../domain/schedule.js';
import { rotationId, scheduledId, scheduleId, taskQueueOf } from '../../domain/temporal-names.js';
import { UserError } from '../../domain/user-error.js';
import { knownCredential } from '../session/reach.js';
import { applyChange, describe, planSchedule } from './schedules.js';
import type { Session } from '../session/session.js';

/** A schedule as Temporal has it. Unix ms. */
export interface ScheduleSight {
  readonly credential: string;
  readonly paused: boolean;
  readonly note: string | null;
  /** When Temporal starts it next; its window may delay the rotation. */
  readonly nextAt: number | null;
  readonly lastAt: number | null;
  /** How many runs were missed for longer than the catch-up window. */
  readonly missed: number;
}

/** The schedules of the configured credentials; those without one are left out. */
export async function listSchedules({ config, store }: Session, client: Client): Promise<ScheduleSight[]> {
  const seen = await Promise.all(
    Object.keys(config.credentials).map(async (credential) => {
      const described = await describe(client, scheduleId(store.installation, credential));
      if (!described) return null;
      const { state, info } = described;
      return {
        ...{ credential, paused: state.paused, note: state.note || null },
        nextAt: info.nextActionTimes[0]?.getTime() ?? null,
        lastAt: info.recentActions.at(-1)?.takenAt.getTime() ?? null,
        missed: info.numActionsMissedCatchupWindow,
      };
    }),
  );
  return seen.filter((sight) => sight !== null);
}

export interface Order {
  readonly credential: string;
  readonly actor: string;
  readonly reason: string;
}

/**
 * Stops a schedule from starting anything, until it is resumed. What runs already is not touched.
 * @throws UserError when the credential has no schedule
 */
export async function pauseSchedule(
  { config, store }: Session,
  client: Client,
  { credential, actor, reason }: Order,
): Promise<void> {
  knownCredential(config, credential);
  const handle = client.schedule.getHandle(scheduleId(store.installation, credential));
  if (!(await describe(client, handle.scheduleId))) throw notScheduled(credential);
  await handle.pause(`${actor}: ${reason}`);
  await store.record({ event: 'paused', credential, actor, detail: reason });
}

/**
 * Resumes a schedule. Temporal deletes one that was paused for longer than the namespace's retention as soon as it is unpaused. It keeps one that
 * is updated in that moment. So this updates the schedule, and creates it again when it is gone all the same.
 * @throws UserError when the credential has no schedule
 */
export async function resumeSchedule(
  session: Session,
  client: Client,
  { credential, actor, reason }: Order,
): Promise<{ readonly madeAgain: boolean }> {
  const { config, store } = session;
  knownCredential(config, credential);
  const id = scheduleId(store.installation, credential);
  const note = `${actor}: ${reason}`;
  const known = await describe(client, id);
  if (!known && !(await store.cadence(credential))) throw notScheduled(credential);
  if (known)
    await client.schedule
      .getHandle(id)
      .update((previous) => ({ ...previous, state: { ...previous.state, paused: false, note } }));
  await store.record({ event: 'resumed', credential, actor, detail: reason });
  if (known && (await describe(client, id))) return { madeAgain: false };
  await applyChange(session, client, { ...(await planSchedule(session, client, credential)), actor });
  return { madeAgain: true };
}

/** Starts what the schedule starts, now: it waits for its window and a free slot. Returns the workflow's id. Throws a UsageError when there is no such credential. */
export async function triggerSchedule({ config, store }: Session, client: Client, order: Order): Promise<string> {
  const { credential, actor, reason } = order;
  knownCredential(config, credential);
  const rotation = rotationId(store.installation, credential);
  const asking = { for: 'rotation', trigger: 'schedule', credential, actor, reason } as const;
  const wish = await store.wish({ ...asking, workflowId: rotation });
  const input: ScheduledInput = { credential, asked: { actor, reason, wish } };
  const { workflowId } = await client.workflow.start('scheduledRotation', {
    workflowId: `${scheduledId(store.installation, credential)}/triggered`,
    taskQueue: taskQueueOf(store.installation),
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `Triggered by ${actor}: ${credential}`,
  });
  return workflowId;
}

function notScheduled(credential: string): UserError {
  return new UserError(`${credential} has no schedule`, {
    state: 'Nothing was changed.',
    next: 'See what would be created: keyturn schedules plan. Then create it: keyturn schedules apply.',
  });
}
