import { isLive } from '../../src/domain/version.js';
import type { WriteReceipt } from '../../src/store/records.js';
import { requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision, permanent } from '../shared/failures.js';
import { keepGenerated } from '../shared/keeping.js';
import { OutsideError } from '../shared/outside-error.js';
import {
  addedFor,
  currentIdOf,
  type EngineContext,
  expire,
  knownId,
  list,
  markerFor,
  noteCurrent,
  type Observed,
  secretOf,
  spareKey,
  sparesOf,
} from './context.js';
import { newValue, whyNotFor } from './keys.js';
import { isNear, isSpare, momentOf, renewBelowMs, type Spare, spareMs } from './marker.js';
import { expiryMs, type ListedSecret } from './schemas.js';

/** Generates the version's value and stores it before anything is sent. */
export function generate(context: EngineContext): Promise<void> {
  const { store, connection, ref } = context;
  return keepGenerated(store, ref, async () => {
    await requireFamily(context);
    const parts = await newValue(connection.type, connection.jwt.algorithm);
    return { providerId: `${connection.type}/${markerFor(context)}`, parts };
  });
}

/** Refuses a change of the key family: one setting of the engine is the algorithm of all keys, so old and new tokens would not be valid together. */
async function requireFamily({ store, connection: { type, jwt }, versions }: EngineContext): Promise<void> {
  if (type !== 'jwt') return;
  const current = versions.find(({ state }) => state === 'current');
  const publicKey = current && (await store.unseal(current))['publicKey'];
  const why = publicKey === undefined ? null : whyNotFor(jwt.algorithm, publicKey);
  if (why === null) return;
  throw permanent(
    'Rejected',
    `a rotation cannot change the algorithm: in version ${current?.number ?? 0}, ${why}. It is one setting for all ` +
      'keys, so old and new tokens would never be valid together. Change it with a restart, and adopt the new key',
  );
}

/**
 * Ensures that the version's value is valid for long beside the current secret: adds it, or renews what was added. Idempotent. An engine may
 * refuse to hold a value twice.
 */
export async function addSecret(context: EngineContext): Promise<void> {
  const { store, client, ref } = context;
  const listed = await client.secrets();
  const spares = [...sparesOf(context, listed), ...(await foundAgain(context, listed))];
  if (spares.length === 0) return addSpare(context, listed);
  const expiresAt = momentOf(markerFor(context), client.now(), spareMs);
  for (const spare of spares.filter((each) => expiryMs(each.expiresAt) - client.now() < renewBelowMs)) {
    await requireFence(store, ref);
    if ((await client.changeExpiry(spare.id, expiresAt)) !== 'changed')
      throw new OutsideError('Document Engine', 'changeExpiry', { code: 'NOT_RENEWED' });
  }
}

/** The secret of an attempt whose answer was lost, so that it is not added twice. */
async function foundAgain(context: EngineContext, listed: readonly ListedSecret[]): Promise<Spare[]> {
  const { store, connection, ref } = context;
  const receipt = (await store.read(ref)).receipts[spareKey(connection)];
  if (!receipt || receipt.ours !== undefined) return [];
  const since = listed.filter(isSpare).filter(({ id }) => id > receipt.before);
  const [found] = since.filter((secret) => isNear(secret, markerFor(context)));
  if (found) await noteSpare(context, { before: receipt.before, ours: found.id });
  return found ? [found] : [];
}

async function addSpare(context: EngineContext, listed: readonly ListedSecret[]): Promise<void> {
  const { store, client, ref } = context;
  const ids = listed.map(({ id }) => id);
  const [before, marker] = [Math.max(0, ...ids), markerFor(context)];
  await noteSpare(context, { before });
  await requireFence(store, ref);
  if (!(await client.add(await secretOf(context), momentOf(marker, client.now(), spareMs)))) {
    const id = await knownId(context);
    if (id !== undefined && ids.includes(id)) return; // it is, or was, the current one, and is still valid
    throw permanent('Rejected', `Document Engine refused to add version ${ref.number} (400)`);
  }
  const fresh = (await client.secrets()).filter(isSpare).filter(({ id }) => !ids.includes(id));
  const found = fresh.find((secret) => isNear(secret, marker));
  if (found) return noteSpare(context, { before, ours: found.id });
  const [only, ...others] = fresh;
  if (only && others.length === 0)
    throw needsDecision(
      `Document Engine lists the secret that was just added as ${only.id} until ${only.expiresAt}, which is not the expiry that Keyturn sent, ` +
        'so Keyturn could not recognize it later. Expire it by hand, and run keyturn check --deep to find out what the engine does',
    );
  throw new OutsideError('Document Engine', 'addSecret', { code: 'ADDED_AND_NOT_LISTED' });
}

function noteSpare({ store, connection, ref }: EngineContext, receipt: WriteReceipt): Promise<void> {
  return store.note(ref, { receipts: { [spareKey(connection)]: receipt } });
}

/** Ends every secret known to hold the version's value. Needs fresh proof. */
export async function expireSecret(context: EngineContext): Promise<void> {
  const { store, client, ref } = context;
  await requireProof(store, ref);
  await store.note(ref, { provider: 'unknown' });
  const id = await knownId(context);
  const listed = await client.secrets();
  await expire(context, [...addedFor(context, listed), ...listed.filter((secret) => secret.id === id)]);
}

/** Ends the version's added secret, once the version is the current one. */
export async function dropSpare(context: EngineContext): Promise<void> {
  const { listed, current } = await list(context);
  if ((await knownId(context)) !== current) throw needsDecision(changedSince(context));
  await expire(context, addedFor(context, listed));
}

/** Whether the engine lists the version's secret, and its current secret is a known one. */
export async function isListed(context: EngineContext): Promise<Observed> {
  const { listed, current } = await list(context);
  if (!(await isKnown(context, current))) return { outcome: 'failed', detail: changedSince(context) };
  if ((await knownId(context)) === current) return { outcome: 'proved', detail: `it is the current one (${current})` };
  const [spare] = sparesOf(context, listed);
  return spare
    ? { outcome: 'proved', detail: `listed as ${spare.id} until ${spare.expiresAt}` }
    : { outcome: 'failed', detail: `no listed secret is version ${context.ref.number}` };
}

/** Whether the listed current secret is that of a live version. Reads the store after the list, which may be newer otherwise. */
export async function isKnown({ store, connection, ref }: EngineContext, current: number): Promise<boolean> {
  const live = (await store.versions(ref.credential)).filter(({ state }) => isLive(state));
  return live.some((version) => currentIdOf(version, connection) === current);
}

/** Records the id of the current secret, which an adopted value is asserted to be. */
export async function identifySecret(context: EngineContext): Promise<void> {
  const { current } = await list(context);
  await noteCurrent(context, { before: current, ours: current });
}

/** Message for an unknown current secret. */
export function changedSince({ connection: { type } }: EngineContext): string {
  return (
    `the current ${type} secret was changed since Keyturn last made one current: by a person, by a restart with ` +
    "REPLACE_SECRETS_FROM_ENV=true, which restores the environment's secrets, or with a new or restored database. " +
    'Set that to false, then restore our value or adopt the current one'
  );
}
