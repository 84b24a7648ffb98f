import { type Client, type ScheduleDescription, ScheduleOverlapPolicy } from '@temporalio/client';
import type { VerificationInput } from '../../../workflows/verification.js';
import { shareOf } from '../../domain/cadence.js';
import { durationMs } from '../../domain/duration.js';
import { lookId, taskQueueOf, verificationId } from '../../domain/temporal-names.js';
import { describe, ownSchedules } from './schedules.js';
import type { Session } from '../session/session.js';

/** The change to an engine's verification schedule. */
export interface VerificationChange {
  readonly engine: string;
  readonly change: 'create' | 'update' | 'delete' | 'keep';
  /** For instance `every 1 hour`. */
  readonly basis: string;
}

const secondMs = 1000; // the smallest unit of a Temporal Schedule

type Connected = Pick<Session, 'config' | 'store'>;

/** Keeps one Temporal Schedule for each engine, and none when verification is switched off. They rotate nothing. */
export async function applyVerification(session: Connected, client: Client): Promise<VerificationChange[]> {
  const { config, store } = session;
  const idOf = (engine: string): string => verificationId(store.installation, engine);
  const everyMs = durationMs(config.verification.every);
  const used = new Set(Object.values(config.credentials).map(({ engine }) => engine));
  const engines = everyMs === 0 ? [] : Object.keys(config.engines).filter((engine) => used.has(engine));
  const gone = (await ownSchedules(session, client, idOf(''))).filter((engine) => !engines.includes(engine));
  const changes: VerificationChange[] = [];
  for (const engine of engines) changes.push(await applyOne(session, client, engine));
  for (const engine of gone) {
    await client.schedule.getHandle(idOf(engine)).delete();
    changes.push({ engine, change: 'delete', basis: everyMs === 0 ? 'switched off' : 'nothing to verify' });
  }
  return changes;
}

async function applyOne({ config, store }: Connected, client: Client, engine: string): Promise<VerificationChange> {
  const { every } = config.verification;
  const scheduleId = verificationId(store.installation, engine);
  const options = optionsOf(engine, { everyMs: durationMs(every), installation: store.installation });
  const described = await describe(client, scheduleId);
  const basis = `every ${every}`;
  if (!described) {
    await client.schedule.create({ ...options, scheduleId, memo: { keyturn: store.installation } });
    return { engine, change: 'create', basis };
  }
  if (agrees(described, durationMs(every))) return { engine, change: 'keep', basis };
  await client.schedule.getHandle(scheduleId).update(({ state }) => ({ ...options, state }));
  return { engine, change: 'update', basis };
}

function agrees({ spec, policies }: ScheduleDescription, everyMs: number): boolean {
  const [interval, ...more] = spec.intervals ?? [];
  const only = more.length === 0 && (spec.calendars ?? []).length === 0 && (spec.skip ?? []).length === 0;
  return only && interval?.every === everyMs && policies.overlap === ScheduleOverlapPolicy.SKIP;
}

/** Engines are verified at different times. A missed run is not caught up: the next one shows the same. */
function optionsOf(engine: string, { everyMs, installation }: { everyMs: number; installation: string }) {
  const input: VerificationInput = { engine, withinMs: everyMs };
  return {
    spec: { intervals: [{ every: everyMs, offset: Math.floor((shareOf(engine) * everyMs) / secondMs) * secondMs }] },
    action: {
      type: 'startWorkflow',
      workflowType: 'verifyInForce',
      workflowId: lookId(installation, engine),
      taskQueue: taskQueueOf(installation),
      args: [input],
      memo: { keyturn: installation },
      staticSummary: `Whether what ${engine} uses is still in force`,
    } as const,
    policies: { catchupWindow: '10 seconds', overlap: ScheduleOverlapPolicy.SKIP } as const,
  };
}
