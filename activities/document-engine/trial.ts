import { randomInt } from 'node:crypto';
import type { Trial } from '../../src/domain/engine-profile.js';
import type { VersionRef } from '../../src/domain/version.js';
import { requireFence } from '../shared/fencing.js';
import { scope } from '../shared/scope.js';
import type { DocumentEngineDeps } from './activities.js';
import { isSpare, noMarker, type Spare } from './marker.js';
import { expiryMs, type ListedSecret } from './schemas.js';
import { currentIdOf, currentIn, end, type DocumentEngineWork } from './standing.js';
import { showsValue } from './probes.js';

/** How long a value that nobody holds may be valid, should nothing end it. */
export const trialMs = 10 * 60_000;

const staleMs = 2 * 60_000; // twice as long as a trial may take on an engine that answers at once
const quarterHourMs = 15 * 60_000; // zones differ by quarters of an hour
const actor = 'check';

/** A moment some milliseconds ahead, with six digits of a second that nobody else has asked for. */
export function oddMoment(now: number, afterMs: number): string {
  const digits = String(randomInt(1, 1_000_000)).padStart(6, '0');
  return `${new Date(now + afterMs).toISOString().slice(0, 19)}.${digits}Z`;
}

/**
 * Runs `work` in the place of a rotation, as every repair does, where a version of the credential is live: nothing else changes its secrets
 * meanwhile. Without one nothing can rotate.
 */
export async function inItsPlace<T>(
  { store }: DocumentEngineDeps,
  credential: string,
  work: (holder: VersionRef | null) => Promise<T>,
): Promise<T> {
  const { writer } = scope();
  const left = (await store.rotations(credential)).find(({ closedAt }) => closedAt === null);
  if (left?.workflowId === writer.workflowId && Date.now() - left.openedAt > staleMs)
    await store.endRepair({ credential, number: left.version, fence: left.fence });
  const holder =
    (await store.mayBeAlive(credential)).length > 0 ? await store.beginRepair(credential, actor, writer) : null;
  try {
    return await work(holder);
  } finally {
    if (holder) await store.endRepair(holder);
  }
}

/** Presents the fence where there is one. */
export async function fenced(work: DocumentEngineWork, holder: VersionRef | null): Promise<void> {
  if (holder) await requireFence(work.store, holder);
}

/** What a trial has added and not ended: new since it began, and until a moment that was asked for. */
export function onTrial(trial: Trial, listed: readonly ListedSecret[]): Spare[] {
  const isAsked = ({ expiresAt }: Spare): boolean =>
    trial.expiries.some((asked) => {
      const away = Math.abs(expiryMs(expiresAt) - expiryMs(asked)) % quarterHourMs;
      return away < 1000 || quarterHourMs - away < 1000;
    });
  return listed.filter(isSpare).filter((secret) => !trial.before.includes(secret.id) && isAsked(secret));
}

/** Ends what an earlier trial has left, and finds the current secret again where that trial had rotated it to itself. How many it ended. */
export async function clearTrial(work: DocumentEngineWork, holder: VersionRef | null): Promise<number> {
  const { store, client, ref, connection } = work;
  const { trial } = await store.profile(ref.credential);
  if (!trial) return 0;
  const listed = await client.secrets();
  const left = onTrial(trial, listed);
  for (const { id } of left) {
    await fenced(work, holder);
    await end(client, id, noMarker);
  }
  const current = currentIn(work, listed).id;
  const known = holder && currentIdOf(await store.read(holder), connection);
  if (holder && known !== current && !trial.before.includes(current) && (await isOurs(work, holder)))
    await store.note(holder, { receipts: { [connection.type]: { before: current, ours: current } } });
  await store.keepProfile(ref.credential, { trial: null });
  return left.length;
}

async function isOurs(work: DocumentEngineWork, holder: VersionRef): Promise<boolean> {
  return (await showsValue({ ...work, ref: holder }))?.verdict === 'accepted';
}
