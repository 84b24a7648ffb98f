import { isLive, type VersionRef } from '../../src/domain/version.js';
import type { Finding } from '../../src/domain/evidence.js';
import { recordFinding, requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { OutsideError } from '../shared/outside-error.js';
import { needsDecision, permanent } from '../shared/failures.js';
import type { DocumentEngineDeps } from './activities.js';
import type { WriteReceipt } from '../../src/store/records.js';
import { isNear, isSpare, momentOf, renewBelowMs, type Spare, spareMs } from './marker.js';
import { expiryMs, type ListedSecret } from './schemas.js';
import {
  addedFor,
  currentIdOf,
  currentIn,
  expire,
  contextOf,
  secretOf,
  spareKey,
  sparesOf,
  type DocumentEngineContext,
} from './context.js';

export async function addSecret(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  const context = await contextOf(deps, ref);
  await ensureSpare(context, ref, await context.client.secrets());
}

/** Ensures that a version's value is valid for long beside the current secret. An engine may refuse to hold a value twice. */
export async function ensureSpare(
  context: DocumentEngineContext,
  ref: VersionRef,
  listed: readonly ListedSecret[],
): Promise<void> {
  const { store, client } = context;
  const spares = [...sparesOf(context, ref, listed), ...(await foundAgain(context, ref, listed))];
  if (spares.length === 0) return addSpare(context, ref, listed);
  const expiresAt = momentOf(context.markerFor(ref), client.now(), spareMs);
  for (const spare of spares.filter((each) => expiryMs(each.expiresAt) - client.now() < renewBelowMs)) {
    await requireFence(store, ref);
    if ((await client.changeExpiry(spare.id, expiresAt)) !== 'changed')
      throw new OutsideError('Document Engine', 'changeExpiry', { code: 'NOT_RENEWED' });
  }
}

/** The secret of an attempt whose answer was lost, so that it is not added twice. */
async function foundAgain(
  context: DocumentEngineContext,
  ref: VersionRef,
  listed: readonly ListedSecret[],
): Promise<Spare[]> {
  const { store, connection } = context;
  const receipt = (await store.read(ref)).receipts[spareKey(connection)];
  if (!receipt || receipt.ours !== undefined) return [];
  const since = listed.filter(isSpare).filter(({ id }) => id > receipt.before);
  const [found] = since.filter((secret) => isNear(secret, context.markerFor(ref)));
  if (found) await noteSpare(context, ref, { before: receipt.before, ours: found.id });
  return found ? [found] : [];
}

async function addSpare(
  context: DocumentEngineContext,
  ref: VersionRef,
  listed: readonly ListedSecret[],
): Promise<void> {
  const { store, client, connection } = context;
  const before = Math.max(0, ...listed.map(({ id }) => id));
  await noteSpare(context, ref, { before });
  await requireFence(store, ref);
  if (!(await client.add(await secretOf(context, ref), momentOf(context.markerFor(ref), client.now(), spareMs)))) {
    const id = currentIdOf(await store.read(ref), connection);
    if (listed.some((secret) => secret.id === id)) return; // it is, or was, the current one, and is still valid
    throw permanent('Rejected', `Document Engine refused to add version ${ref.number} (400)`);
  }
  const known = new Set(listed.map(({ id }) => id));
  const fresh = (await client.secrets()).filter(isSpare).filter(({ id }) => !known.has(id));
  const near = fresh.filter((secret) => isNear(secret, context.markerFor(ref)));
  const [found] = near.length > 0 ? near : fresh.length === 1 ? fresh : [];
  if (!found) throw new OutsideError('Document Engine', 'addSecret', { code: 'ADDED_AND_NOT_LISTED' });
  if (near.length === 0) throw needsDecision(unrecognizable(found));
  await noteSpare(context, ref, { before, ours: found.id });
}

function unrecognizable({ id, expiresAt }: Spare): string {
  return (
    `Document Engine lists the secret that was just added as ${id} until ${expiresAt}, which is not the expiry that Keyturn sent, so Keyturn ` +
    'could not recognize it later. Expire it by hand, and run keyturn check --deep to find out what the engine does'
  );
}

function noteSpare(
  { store, connection }: DocumentEngineContext,
  ref: VersionRef,
  receipt: WriteReceipt,
): Promise<void> {
  return store.note(ref, { receipts: { [spareKey(connection)]: receipt } });
}

export async function expireSecret(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  const context = await contextOf(deps, ref);
  const { store, client, connection } = context;
  await requireProof(store, ref);
  await store.note(ref, { provider: 'unknown' });
  const id = currentIdOf(await store.read(ref), connection);
  const listed = await client.secrets();
  await expire(context, [...addedFor(context, ref, listed), ...listed.filter((secret) => secret.id === id)]);
}

export async function dropSpare(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  const context = await contextOf(deps, ref);
  const listed = await context.client.secrets();
  if (currentIdOf(await context.store.read(ref), context.connection) !== currentIn(context, listed).id)
    throw needsDecision(changedSince(context));
  await expire(context, addedFor(context, ref, listed));
}

export async function isListed(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const context = await contextOf(deps, ref);
  const { store, client, connection } = context;
  const listed = await client.secrets();
  const current = currentIn(context, listed).id;
  const known = (await store.versions(ref.credential)).filter(({ state }) => isLive(state));
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(store, ref, { kind: 'listed', outcome, detail });
  if (!known.some((version) => currentIdOf(version, connection) === current))
    return say('failed', changedSince(context));
  if (currentIdOf(await store.read(ref), connection) === current)
    return say('proved', `it is the current one (${current})`);
  const [spare] = sparesOf(context, ref, listed);
  if (!spare) return say('failed', `no listed secret is version ${ref.number}`);
  return say('proved', `listed as ${spare.id} until ${spare.expiresAt}`);
}

export async function identifySecret(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  const context = await contextOf(deps, ref);
  const { store, client, connection } = context;
  const { id } = currentIn(context, await client.secrets());
  await store.note(ref, { receipts: { [connection.type]: { before: id, ours: id } } });
}

/** Message for an unknown current secret. */
export function changedSince({ connection: { type } }: DocumentEngineContext): string {
  return (
    `the current ${type} secret was changed since Keyturn last made one current: by a person, by a restart with ` +
    "REPLACE_SECRETS_FROM_ENV=true, which restores the environment's secrets, or with a new or restored database. " +
    'Set that to false, then restore our value or adopt the current one'
  );
}
