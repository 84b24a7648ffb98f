import type { VersionRef } from '../../src/domain/version.js';
import type { WriteReceipt } from '../../src/store/records.js';
import { requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { saidNo } from '../shared/outside-error.js';
import { needsDecision } from '../shared/failures.js';
import type { DocumentEngineDeps } from './activities.js';
import { changedSince, ensureSpare } from './secrets.js';
import { currentIdOf, currentIn, contextOf, secretOf, type DocumentEngineContext } from './context.js';

/** The version that becomes current, and the former current one. Null when the former one must not stay valid. */
export interface Succession {
  readonly version: VersionRef;
  readonly former: VersionRef | null;
}

/**
 * The engine's effect on the former current secret is not documented. So its value is added beforehand by `addSecret`, or right
 * afterwards where the engine refuses to hold a value twice.
 */
export async function makeCurrent(deps: DocumentEngineDeps, { version, former }: Succession): Promise<void> {
  const context = await contextOf(deps, version);
  const { store, client } = context;
  const progress = await progressOf(context, former);
  if (progress !== 'happened') {
    await (former ? requireProof(store, former) : requireFence(store, version));
    await client.rotate(await secretOf(context, version)).catch(async (error: unknown) => {
      if (progress === 'untried' && saidNo(error)) await noteRefused(context);
      throw error;
    });
    await noteCurrent(context, await currentId(context));
  }
  if (former) await ensureSpare({ ...context, ref: former }, former, await client.secrets());
}

/** Unknown: an earlier attempt may still change it. */
type Progress = 'happened' | 'untried' | 'unknown';

/** Whether an earlier attempt has rotated. Records the current secret's id before the change, for a later attempt. */
async function progressOf(context: DocumentEngineContext, former: VersionRef | null): Promise<Progress> {
  const { store, connection, ref } = context;
  const receipt = (await store.read(ref)).receipts[connection.type];
  const current = await currentId(context);
  if (receipt?.ours === current) return 'happened';
  if (receipt?.ours !== undefined) throw needsDecision(changedSince(context));
  if (!receipt || receipt.refused) {
    const expected = former && (await expectedId(context, former, receipt));
    return begin(context, { expected, current });
  }
  if (receipt.before === current) return 'unknown';
  await noteCurrent(context, current); // the answer to an earlier attempt was lost
  return 'happened';
}

/** Id that the current secret had before our first attempt, or had as the former version's. */
async function expectedId(
  { store, connection }: DocumentEngineContext,
  former: VersionRef,
  receipt: WriteReceipt | undefined,
): Promise<number | undefined> {
  return receipt?.before ?? currentIdOf(await store.read(former), connection);
}

interface Beginning {
  /** Id that the current secret has to have; null for any. */
  readonly expected: number | null | undefined;
  readonly current: number;
}

async function begin(context: DocumentEngineContext, { expected, current: before }: Beginning): Promise<'untried'> {
  const { store, connection, ref } = context;
  if (expected !== null && expected !== before) throw needsDecision(changedSince(context));
  await store.note(ref, { provider: 'unknown', receipts: { [connection.type]: { before } } });
  return 'untried';
}

/** No attempt of ours is under way: a secret that becomes current from here on is not ours. */
async function noteRefused({ store, connection: { type }, ref }: DocumentEngineContext): Promise<void> {
  const { before = 0 } = (await store.read(ref)).receipts[type] ?? {};
  await store.note(ref, { receipts: { [type]: { before, refused: true } } });
}

async function currentId(context: DocumentEngineContext): Promise<number> {
  return currentIn(context, await context.client.secrets()).id;
}

async function noteCurrent({ store, connection: { type }, ref }: DocumentEngineContext, id: number): Promise<void> {
  const before = (await store.read(ref)).receipts[type]?.before ?? id;
  await store.note(ref, { receipts: { [type]: { before, ours: id } } });
}
