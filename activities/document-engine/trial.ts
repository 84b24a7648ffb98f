import { randomInt } from 'node:crypto';
import type { Trial } from '../../src/domain/engine-profile.js';
import type { VersionRef } from '../../src/domain/version.js';
import { requireFence } from '../shared/fencing.js';
import { scope } from '../shared/scope.js';
import type { DocumentEngineDeps } from './activities.js';
import { isSpare, noMarker, type Spare } from './marker.js';
import { expiryMs, type ListedSecret } from './schemas.js';
import { currentIdOf, currentIn, end, type DocumentEngineContext } from './context.js';
import { showsValue } from './probes.js';

/** Lifetime of a throwaway value, in case nothing ends it earlier. */
export const trialMs = 10 * 60_000;

const staleMs = 2 * 60_000; // twice the longest trial on an engine that answers at once
const quarterHourMs = 15 * 60_000; // time zones differ by multiples of a quarter of an hour
const actor = 'check';

/** A moment `afterMs` ahead, with six random digits of a second that tell it from every other expiry. */
export function oddMoment(now: number, afterMs: number): string {
  const digits = String(randomInt(1, 1_000_000)).padStart(6, '0');
  return `${new Date(now + afterMs).toISOString().slice(0, 19)}.${digits}Z`;
}

/**
 * Runs `action` as a repair where a version of the credential is live, so that no rotation changes its secrets meanwhile. Without a live
 * version no rotation is possible, and `action` runs without a fence.
 */
export async function inItsPlace<T>(
  { store }: DocumentEngineDeps,
  credential: string,
  action: (holder: VersionRef | null) => Promise<T>,
): Promise<T> {
  const { writer } = scope();
  const left = (await store.rotations(credential)).find(({ closedAt }) => closedAt === null);
  if (left?.workflowId === writer.workflowId && Date.now() - left.openedAt > staleMs)
    await store.endRepair({ credential, number: left.version, fence: left.fence });
  const holder =
    (await store.mayBeAlive(credential)).length > 0 ? await store.beginRepair(credential, actor, writer) : null;
  try {
    return await action(holder);
  } finally {
    if (holder) await store.endRepair(holder);
  }
}

/** Requires the fence where there is one. */
export async function fenced(context: DocumentEngineContext, holder: VersionRef | null): Promise<void> {
  if (holder) await requireFence(context.store, holder);
}

/** The secrets of a trial that have not ended: new since it began, and with an expiry that it has sent. */
export function onTrial(trial: Trial, listed: readonly ListedSecret[]): Spare[] {
  const isSent = ({ expiresAt }: Spare): boolean =>
    trial.expiries.some((sent) => {
      const away = Math.abs(expiryMs(expiresAt) - expiryMs(sent)) % quarterHourMs;
      return away < 1000 || quarterHourMs - away < 1000;
    });
  return listed.filter(isSpare).filter((secret) => !trial.before.includes(secret.id) && isSent(secret));
}

/**
 * Ends the secrets of an earlier trial, and records the current secret's id where that trial had rotated it to itself. Returns how many
 * it ended.
 */
export async function clearTrial(context: DocumentEngineContext, holder: VersionRef | null): Promise<number> {
  const { store, client, ref, connection } = context;
  const { trial } = await store.profile(ref.credential);
  if (!trial) return 0;
  const listed = await client.secrets();
  const left = onTrial(trial, listed);
  for (const { id } of left) {
    await fenced(context, holder);
    await end(client, id, noMarker);
  }
  const current = currentIn(context, listed).id;
  const known = holder && currentIdOf(await store.read(holder), connection);
  if (holder && known !== current && !trial.before.includes(current) && (await isOurs(context, holder)))
    await store.note(holder, { receipts: { [connection.type]: { before: current, ours: current } } });
  await store.keepProfile(ref.credential, { trial: null });
  return left.length;
}

async function isOurs(context: DocumentEngineContext, holder: VersionRef): Promise<boolean> {
  return (await showsValue({ ...context, ref: holder }))?.verdict === 'accepted';
}
