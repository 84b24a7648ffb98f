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
  open,
  secretOf,
  spareMark,
  sparesOf,
  type DocumentEngineWork,
} from './standing.js';

export async function addSecret(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  const work = await open(deps, ref);
  await ensureSpare(work, ref, await work.client.secrets());
}

/** Sees to it that a version's value is valid for long beside the current secret. An engine may refuse to hold a value twice. */
export async function ensureSpare(
  work: DocumentEngineWork,
  ref: VersionRef,
  listed: readonly ListedSecret[],
): Promise<void> {
  const { store, client } = work;
  const spares = [...sparesOf(work, ref, listed), ...(await foundAgain(work, ref, listed))];
  if (spares.length === 0) return addSpare(work, ref, listed);
  const expiresAt = momentOf(work.markerFor(ref), client.now(), spareMs);
  for (const spare of spares.filter((each) => expiryMs(each.expiresAt) - client.now() < renewBelowMs)) {
    await requireFence(store, ref);
    if ((await client.changeExpiry(spare.id, expiresAt)) !== 'changed')
      throw new OutsideError('document-engine', 'changeExpiry', { code: 'NOT_RENEWED' });
  }
}

/** What an attempt whose answer was lost has added. Nothing is added beside what may be it. */
async function foundAgain(
  work: DocumentEngineWork,
  ref: VersionRef,
  listed: readonly ListedSecret[],
): Promise<Spare[]> {
  const { store, connection } = work;
  const mark = (await store.read(ref)).receipts[spareMark(connection)];
  if (!mark || mark.ours !== undefined) return [];
  const since = listed.filter(isSpare).filter(({ id }) => id > mark.before);
  const [found] = since.filter((secret) => isNear(secret, work.markerFor(ref)));
  if (found) await noteSpare(work, ref, { before: mark.before, ours: found.id });
  return found ? [found] : [];
}

async function addSpare(work: DocumentEngineWork, ref: VersionRef, listed: readonly ListedSecret[]): Promise<void> {
  const { store, client, connection } = work;
  const before = Math.max(0, ...listed.map(({ id }) => id));
  await noteSpare(work, ref, { before });
  await requireFence(store, ref);
  if (!(await client.add(await secretOf(work, ref), momentOf(work.markerFor(ref), client.now(), spareMs)))) {
    const id = currentIdOf(await store.read(ref), connection);
    if (listed.some((secret) => secret.id === id)) return; // it is, or was, the current one, and is still valid
    throw permanent('Rejected', `Document Engine refused to add version ${ref.number} (400)`);
  }
  const known = new Set(listed.map(({ id }) => id));
  const fresh = (await client.secrets()).filter(isSpare).filter(({ id }) => !known.has(id));
  const near = fresh.filter((secret) => isNear(secret, work.markerFor(ref)));
  const [found] = near.length > 0 ? near : fresh.length === 1 ? fresh : [];
  if (!found) throw new OutsideError('document-engine', 'addSecret', { code: 'ADDED_AND_NOT_LISTED' });
  if (near.length === 0) throw needsDecision(unrecognizable(found));
  await noteSpare(work, ref, { before, ours: found.id });
}

function unrecognizable({ id, expiresAt }: Spare): string {
  return (
    `Document Engine lists what was just added as ${id} until ${expiresAt}, which is another expiry than it was given: nobody could ` +
    'recognize it later. Expire it by hand, and see with keyturn check --deep what the engine does'
  );
}

function noteSpare({ store, connection }: DocumentEngineWork, ref: VersionRef, mark: WriteReceipt): Promise<void> {
  return store.note(ref, { receipts: { [spareMark(connection)]: mark } });
}

export async function expireSecret(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  const work = await open(deps, ref);
  const { store, client, connection } = work;
  await requireProof(store, ref);
  await store.note(ref, { provider: 'unknown' });
  const id = currentIdOf(await store.read(ref), connection);
  const listed = await client.secrets();
  await expire(work, [...addedFor(work, ref, listed), ...listed.filter((secret) => secret.id === id)]);
}

export async function dropSpare(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  const work = await open(deps, ref);
  const listed = await work.client.secrets();
  if (currentIdOf(await work.store.read(ref), work.connection) !== currentIn(work, listed).id)
    throw needsDecision(changedSince(work));
  await expire(work, addedFor(work, ref, listed));
}

export async function isListed(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const work = await open(deps, ref);
  const { store, client, connection } = work;
  const listed = await client.secrets();
  const current = currentIn(work, listed).id;
  const known = (await store.versions(ref.credential)).filter(({ state }) => isLive(state));
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(store, ref, { kind: 'listed', outcome, detail });
  if (!known.some((version) => currentIdOf(version, connection) === current)) return say('failed', changedSince(work));
  if (currentIdOf(await store.read(ref), connection) === current)
    return say('proved', `it is the current one (${current})`);
  const [spare] = sparesOf(work, ref, listed);
  if (!spare) return say('failed', `no secret of the list is version ${ref.number}`);
  return say('proved', `listed as ${spare.id} until ${spare.expiresAt}`);
}

export async function identifySecret(deps: DocumentEngineDeps, ref: VersionRef): Promise<void> {
  const work = await open(deps, ref);
  const { store, client, connection } = work;
  const { id } = currentIn(work, await client.secrets());
  await store.note(ref, { receipts: { [connection.type]: { before: id, ours: id } } });
}

/** What a current secret that we do not know may mean. */
export function changedSince({ connection: { type } }: DocumentEngineWork): string {
  return (
    `the current ${type} secret was changed since we last made one current: by a person, by a restart with ` +
    'REPLACE_SECRETS_FROM_ENV=true, which brings back the environment, or with a new or restored database. ' +
    'Set that to false, then put our value back or adopt what is there'
  );
}
