import type { VersionRef } from '../../src/domain/version.js';
import { requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { needsDecision } from '../shared/failures.js';
import type { DocumentEngineDeps } from './activities.js';
import { changedSince, ensureSpare } from './secrets.js';
import { currentIdOf, currentIn, open, secretOf, type DocumentEngineWork } from './standing.js';

/** Which version becomes current, and which one has been until now; null when that one must not live on. */
export interface Succession {
  readonly version: VersionRef;
  readonly former: VersionRef | null;
}

/**
 * What the engine does with the former current secret is not documented. So its value is added beforehand, by `addSecret`, or
 * right afterwards where the engine refuses to hold a value twice.
 */
export async function makeCurrent(deps: DocumentEngineDeps, { version, former }: Succession): Promise<void> {
  const work = await open(deps, version);
  const { store, client } = work;
  if (!(await hasHappened(work, former))) {
    await (former ? requireProof(store, former) : requireFence(store, version));
    await client.rotate(await secretOf(work, version));
    await noteCurrent(work, await currentId(work));
  }
  if (former) await ensureSpare({ ...work, ref: former }, former, await client.secrets());
}

/** Notes the current secret before it changes, so that a repeated attempt can tell whether it did. */
async function hasHappened(work: DocumentEngineWork, former: VersionRef | null): Promise<boolean> {
  const { store, connection, ref } = work;
  const mark = (await store.read(ref)).receipts[connection.type];
  const current = await currentId(work);
  if (mark?.ours === current) return true;
  if (mark?.ours !== undefined) throw needsDecision(changedSince(work));
  if (!mark) {
    if (former && currentIdOf(await store.read(former), connection) !== current)
      throw needsDecision(changedSince(work));
    await store.note(ref, { provider: 'unknown', receipts: { [connection.type]: { before: current } } });
    return false;
  }
  if (mark.before === current) return false;
  await noteCurrent(work, current); // the answer to an earlier attempt was lost
  return true;
}

async function currentId(work: DocumentEngineWork): Promise<number> {
  return currentIn(work, await work.client.secrets()).id;
}

async function noteCurrent({ store, connection: { type }, ref }: DocumentEngineWork, id: number): Promise<void> {
  const before = (await store.read(ref)).receipts[type]?.before ?? id;
  await store.note(ref, { receipts: { [type]: { before, ours: id } } });
}
