import type { VersionRef } from '../../src/domain/version.js';
import { requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { saidNo } from '../shared/outside-error.js';
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
  const standing = await standingOf(work, former);
  if (standing !== 'happened') {
    await (former ? requireProof(store, former) : requireFence(store, version));
    await client.rotate(await secretOf(work, version)).catch(async (error: unknown) => {
      if (standing === 'untried' && saidNo(error)) await noteRefused(work);
      throw error;
    });
    await noteCurrent(work, await currentId(work));
  }
  if (former) await ensureSpare({ ...work, ref: former }, former, await client.secrets());
}

/** Unknown: an earlier attempt may still change it. */
type Standing = 'happened' | 'untried' | 'unknown';

/** Notes the current secret before it changes, so that a repeated attempt can tell whether it did. */
async function standingOf(work: DocumentEngineWork, former: VersionRef | null): Promise<Standing> {
  const { store, connection, ref } = work;
  const mark = (await store.read(ref)).receipts[connection.type];
  const current = await currentId(work);
  if (mark?.ours === current) return 'happened';
  if (mark?.ours !== undefined) throw needsDecision(changedSince(work));
  if (!mark || mark.refused) {
    const expected = mark ? mark.before : former && currentIdOf(await store.read(former), connection);
    return begin(work, { expected, current });
  }
  if (mark.before === current) return 'unknown';
  await noteCurrent(work, current); // the answer to an earlier attempt was lost
  return 'happened';
}

interface Beginning {
  /** Id that the current secret has to have; null for any. */
  readonly expected: number | null | undefined;
  readonly current: number;
}

async function begin(work: DocumentEngineWork, { expected, current: before }: Beginning): Promise<'untried'> {
  const { store, connection, ref } = work;
  if (expected !== null && expected !== before) throw needsDecision(changedSince(work));
  await store.note(ref, { provider: 'unknown', receipts: { [connection.type]: { before } } });
  return 'untried';
}

/** Nothing else is under way: what is current from here on without us, somebody else has made current. */
async function noteRefused({ store, connection: { type }, ref }: DocumentEngineWork): Promise<void> {
  const { before = 0 } = (await store.read(ref)).receipts[type] ?? {};
  await store.note(ref, { receipts: { [type]: { before, refused: true } } });
}

async function currentId(work: DocumentEngineWork): Promise<number> {
  return currentIn(work, await work.client.secrets()).id;
}

async function noteCurrent({ store, connection: { type }, ref }: DocumentEngineWork, id: number): Promise<void> {
  const before = (await store.read(ref)).receipts[type]?.before ?? id;
  await store.note(ref, { receipts: { [type]: { before, ours: id } } });
}
