import { randomInt } from 'node:crypto';
import type { EngineProfile, Trial } from '../../src/domain/engine-profile.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import type { AccessCheck } from '../shared/access.js';
import { permanent } from '../shared/failures.js';
import { requireFence } from '../shared/fencing.js';
import { scope } from '../shared/scope.js';
import { type EngineContext, end, knownId, list, noteCurrent, type SecretList } from './context.js';
import { newValue } from './keys.js';
import { isSpare, type Spare } from './marker.js';
import { showsValue } from './probes.js';
import { expiryMs, type ListedSecret } from './schemas.js';

/** Lifetime of a throwaway value, in case nothing ends it earlier. */
const trialMs = 10 * 60_000;

const staleMs = 2 * 60_000; // twice the longest trial on an engine that answers at once
const quarterHourMs = 15 * 60_000; // time zones differ by multiples of a quarter of an hour
const actor = 'check';

/** A moment `afterMs` ahead, with six random digits of a second that tell it from every other expiry. */
function oddMoment(now: number, afterMs: number): string {
  const digits = String(randomInt(1, 1_000_000)).padStart(6, '0');
  return `${new Date(now + afterMs).toISOString().slice(0, 19)}.${digits}Z`;
}

/**
 * Runs `action` as a repair where a version of the credential is live, so that no rotation changes its secrets meanwhile. Without a live
 * version no rotation is possible, and `action` runs without a fence.
 */
export async function inItsPlace<T>(
  store: Store,
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

/** Whether a version is live, which the context is about. Otherwise no rotation is possible. */
export function isHeld({ ref }: EngineContext): boolean {
  return ref.number > 0;
}

/** Requires the fence where there is one. */
export async function fenced(context: EngineContext): Promise<void> {
  if (isHeld(context)) await requireFence(context.store, context.ref);
}

/** What a trial has added first, and what was listed before. */
interface Begun extends Pick<SecretList, 'current'> {
  readonly trial: Trial;
  readonly added: Spare;
}

/** Records everything that the trial may add, and adds the first of it. */
export async function beginTrial(
  context: EngineContext,
  value: Readonly<Record<string, string>>,
  lifetimesMs = [trialMs, trialMs - 60_000, trialMs - 120_000],
): Promise<Begun> {
  const { store, client, connection, ref } = context;
  const { listed, current } = await list(context);
  const expiries = lifetimesMs.map((lifetimeMs) => oddMoment(client.now(), lifetimeMs));
  const trial = { at: Date.now(), before: listed.map(({ id }) => id), expiries };
  await store.keepProfile(ref.credential, { trial });
  await fenced(context);
  if (!(await client.add(value[connection.part] ?? '', expiries[0] ?? '')))
    throw permanent('Rejected', 'Document Engine refused to add a new value (400)');
  const [added, ...others] = (await client.secrets()).filter(isSpare).filter(({ id }) => !trial.before.includes(id));
  if (!added || others.length > 0)
    throw permanent('Rejected', `${added ? 'more than one' : 'no'} secret is new in the list`);
  return { trial, added, current };
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
 * Ends what is left of a trial, also after a failure or a crash, and records the current secret's id where the trial had rotated it to
 * itself. Returns how many secrets it ended. Where this fails, the next deep check does it, or the secrets expire.
 */
export async function endTrial(context: EngineContext): Promise<number> {
  const { store, client, ref } = context;
  const { trial } = await store.profile(ref.credential);
  if (!trial) return 0;
  const { listed, current } = await list(context);
  const left = onTrial(trial, listed);
  for (const { id } of left) {
    await fenced(context);
    await end(client, id);
  }
  const isNew = isHeld(context) && (await knownId(context)) !== current && !trial.before.includes(current);
  if (isNew && (await showsValue(context))?.verdict === 'accepted')
    await noteCurrent(context, { before: current, ours: current });
  await store.keepProfile(ref.credential, { trial: null });
  return left.length;
}

const restartWithinMs = 60 * 60_000;

/** Adds a throwaway secret that the engine still has to list after a restart. It expires within an hour. */
export async function prepareRestart(context: EngineContext): Promise<string> {
  const { store, connection, ref } = context;
  const value = await newValue(connection.type, connection.jwt.algorithm);
  const { trial, added, current } = await beginTrial(context, value, [restartWithinMs]);
  await store.keepProfile(ref.credential, { trial: { ...trial, restart: { current, id: added.id } } });
  return `restart Document Engine within an hour, then run keyturn check ${ref.credential} --deep --restart after`;
}

/** Whether the engine still has the secrets that the API has set. Asked before the trial is cleaned up. */
export async function keptThroughRestart(context: EngineContext): Promise<NonNullable<EngineProfile['restart']>> {
  const { known, ref } = context;
  const { trial } = known;
  if (!trial?.restart || Date.now() - trial.at > restartWithinMs)
    throw permanent(
      'Rejected',
      `nothing was prepared within the last hour: run keyturn check ${ref.credential} --deep --restart before`,
    );
  const { listed, current } = await list(context);
  const isThere = onTrial(trial, listed).some(({ id }) => id === trial.restart?.id);
  return isThere && current === trial.restart.current ? 'kept' : 'replaced';
}

export function restartCheck(kept: EngineProfile['restart']): AccessCheck {
  const ok = kept === 'kept';
  const detail = ok
    ? 'it kept the current secret and the added one'
    : "it restored the environment's secrets: REPLACE_SECRETS_FROM_ENV=false has not taken effect (Helm: config.replaceSecretsFromEnv)";
  return { what: 'restart', ok, detail };
}
