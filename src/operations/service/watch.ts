import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { composeChannels } from '../../../workers/compose.js';
import { descriptorOf } from '../../../workers/descriptor.js';
import { keyturnCredential } from '../../../workflows/search-attributes.js';
import { durationMs } from '../../domain/duration.js';
import { emergencyQueueOf, rotationId, scheduleId, taskQueueOf } from '../../domain/temporal-names.js';
import { deliver } from '../../notifications/deliver.js';
import { noticesOf, type Stuck, type Watched } from '../../notifications/gather.js';
import type { Channel } from '../../domain/notice.js';
import { schedulePlanOf } from '../../config/schedule-plan.js';
import { type DueTimes, dueTimesOf, type Records, recordsOf } from '../../schedules/due-times.js';
import type { SchedulePlan } from '../../schedules/plan.js';
import { keepAnchor } from '../records/ledger-anchor.js';
import { progressOf } from '../session/progress.js';
import { applyChange, describe, planSchedule } from '../schedules/schedules.js';
import type { Session } from '../session/session.js';
import { tellAgain } from '../tasks/tasks.js';
import { applyVerification } from '../schedules/verification-schedules.js';

type Watching = Pick<Session, 'config' | 'store'>;

const pauseMs = 5_000; // notices are sent within seconds; a round is a few reads of the store
const roundsBetweenSchedules = 12; // every minute, the schedules in Temporal are checked too

/**
 * What workers do besides rotating, until `signal`:
 * - keep schedules right, also after an emergency
 * - tell rotations about tasks that somebody has ended
 * - send notices
 * - write the head of the ledger to Temporal
 *
 * It reads the store and Temporal's list, so rotations do nothing for it and never wait for it. Several processes may do it at once: the store
 * keeps count.
 */
export async function watch(
  session: Watching,
  client: Client,
  { signal, logger }: { signal: AbortSignal; logger: Logger },
): Promise<void> {
  const channels = composeChannels(session.config, session.store);
  const asked = new Set<string>();
  let anchored: string | null = null;
  for (let round = 0; !signal.aborted; round++) {
    try {
      const all = round % roundsBetweenSchedules === 0;
      if (all) await applyVerification(session, client);
      await keepSchedules(session, client, { all, asked });
      await tellAgain(session, client);
      await tell(session, client, channels);
      anchored = await keepAnchor(session, client, anchored);
    } catch (error) {
      // The store or the server is down for a moment; the next round sees what this one missed.
      logger.warn(
        { trouble: error instanceof Error ? error.constructor.name : typeof error },
        'a round of the watch failed',
      );
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Keeps applied schedules right:
 * - one that an emergency reset is moved
 * - one whose value expires begins before that, once for each end (`asked`)
 * - with `all`, one that Temporal has lost is created again
 * - with `all`, one that runs out of moments, or that an earlier Keyturn or somebody in Temporal made differently, is renewed
 *
 * Another cadence in the configuration is left for `schedules apply`.
 */
export async function keepSchedules(
  { config, store }: Watching,
  client: Client,
  { all, asked }: { all: boolean; asked: Set<string> },
): Promise<void> {
  for (const credential of Object.keys(config.credentials)) {
    const plan = schedulePlanOf(config, credential, descriptorOf(config, credential));
    const records = await recordsOf(store, credential);
    if (!isApplied(plan, records)) continue;
    const times = dueTimesOf(plan, records, Date.now());
    await beginBeforeEnd(client, scheduleId(store.installation, credential), { times, asked });
    const reset = times?.reset ?? null;
    if (!all && !reset) continue;
    const change = await planSchedule({ config, store }, client, credential);
    if (reset || change.change !== 'keep')
      await applyChange({ config, store }, client, { ...change, actor: 'keyturn' });
  }
}

function isApplied(plan: SchedulePlan | null, { cadence }: Records): plan is SchedulePlan {
  return plan !== null && cadence?.basis === plan.basis;
}

/** Temporal starts a schedule only at the times of its interval, so this triggers it. A paused schedule stays paused. */
async function beginBeforeEnd(
  client: Client,
  id: string,
  { times, asked }: { readonly times: DueTimes | null; readonly asked: Set<string> },
): Promise<void> {
  if (!times?.byEnd || times.dueAt > Date.now()) return;
  const key = `${id}@${times.endsAt}`;
  if (asked.has(key)) return;
  const described = await describe(client, id);
  if (!described || described.state.paused) return; // one that is gone is created again first
  await client.schedule.getHandle(id).trigger();
  asked.add(key);
}

/** Records new notices, and sends those that are not sent yet. */
export async function tell({ config, store }: Watching, client: Client, channels: readonly Channel[]): Promise<void> {
  const { notifications } = config;
  if (!notifications || channels.length === 0) return;
  const moment = { now: Date.now(), dueSoonMs: durationMs(notifications.dueSoon) };
  const stuck = await stuckRotations({ config, store }, client);
  const watched = await Promise.all(Object.keys(config.credentials).map((name) => watchedOf({ config, store }, name)));
  const names = channels.map(({ name }) => name);
  await store.addNotices(
    names,
    watched.flatMap((one) => noticesOf(one, stuck, moment)),
  );
  await Promise.all(channels.map((channel) => deliver(store, channel)));
}

async function watchedOf({ config, store }: Watching, credential: string): Promise<Watched> {
  const plan = schedulePlanOf(config, credential, descriptorOf(config, credential));
  const records = await recordsOf(store, credential);
  return {
    credential,
    owner: config.credentials[credential]?.owner,
    times: plan && dueTimesOf(plan, records, Date.now()),
    tasks: (await store.tasks(credential)).filter(({ state }) => state === 'open'),
    inForce: await store.verification(credential),
    rotations: records.rotations.filter(({ workflowId }) => workflowId === rotationId(store.installation, credential)),
  };
}

/** Rotations of this installation that need a person, according to Temporal, with their questions. */
async function stuckRotations({ config, store }: Watching, client: Client): Promise<Stuck[]> {
  const stuck: Stuck[] = [];
  const taskQueue = taskQueueOf(store.installation);
  const ours = `TaskQueue IN ('${taskQueue}', '${emergencyQueueOf(taskQueue)}')`;
  const query = `KeyturnNeedsOperator = true AND ExecutionStatus = 'Running' AND ${ours}`;
  for await (const { workflowId, typedSearchAttributes } of client.workflow.list({ query })) {
    const credential = typedSearchAttributes.get(keyturnCredential);
    if (credential === undefined || !Object.hasOwn(config.credentials, credential)) continue;
    const { progress } = await progressOf(client, workflowId);
    if (progress?.waiting?.for !== 'operator' || progress.waiting.task !== undefined) continue; // a task has notices of its own
    const { id, why, choices } = progress.waiting; // the question stays the same when its rotation continues in a new run
    stuck.push({ credential, question: id, why, choices });
  }
  return stuck;
}
