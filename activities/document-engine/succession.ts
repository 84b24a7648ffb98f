import type { VersionRef } from '../../src/domain/version.js';
import type { WriteReceipt } from '../../src/store/records.js';
import { requireProof } from '../shared/evidence.js';
import { needsDecision } from '../shared/failures.js';
import { requireFence } from '../shared/fencing.js';
import { saidNo } from '../shared/outside-error.js';
import { controlFor } from '../shared/probes.js';
import { displaced, type EngineContext, expire, knownId, list, noteCurrent, secretOf, sparesOf } from './context.js';
import { newValue } from './keys.js';
import { addSecret, changedSince } from './secrets.js';

/** The version that becomes current, and the former current one. Null when the former one must not stay valid. */
export interface Succession {
  readonly version: VersionRef;
  readonly former: VersionRef | null;
}

/**
 * Makes the version's value the current secret; the former one stays valid beside it. Needs fresh proof. The engine's effect on the former
 * current secret is not documented. So its value is added beforehand by `addSecret`, or right afterwards where the engine refuses to hold a
 * value twice.
 */
export async function makeCurrent(context: EngineContext, former: VersionRef | null): Promise<void> {
  const { store, client, ref } = context;
  const progress = await progressOf(context, former);
  if (progress !== 'happened') {
    await (former ? requireProof(store, former) : requireFence(store, ref));
    await client.rotate(await secretOf(context)).catch(async (error: unknown) => {
      // No attempt of ours is under way: a secret that becomes current from here on is not ours.
      if (progress === 'untried' && saidNo(error))
        await noteCurrent(context, { before: (await receiptOf(context)).before ?? 0, refused: true });
      throw error;
    });
    await noteOurs(context, (await list(context)).current);
  }
  if (former) await addSecret({ ...context, ref: former });
}

/** Unknown: an earlier attempt may still change it. */
type Progress = 'happened' | 'untried' | 'unknown';

/** Whether an earlier attempt has rotated. Records before the change what the list shows, for a later attempt. */
async function progressOf(context: EngineContext, former: VersionRef | null): Promise<Progress> {
  const receipt = await receiptOf(context);
  const { before, ours, refused } = receipt;
  const { current, listed } = await list(context);
  if (ours === current) return 'happened';
  if (ours !== undefined) throw needsDecision(changedSince(context));
  if (before !== undefined && !refused) return resume(context, { ...receipt, before }, current);
  const expected = former && (before ?? (await knownId({ ...context, ref: former }))); // any, where there is no former one
  if (expected !== null && expected !== current) throw needsDecision(changedSince(context));
  return begin(context, 'untried', { before: current, upTo: Math.max(...listed.map(({ id }) => id)) + 1 });
}

/** After an attempt whose answer was lost. A current id above all that our attempts can have made is a person's. */
async function resume(context: EngineContext, { before, upTo = 0 }: WriteReceipt, current: number): Promise<Progress> {
  if (before === current) return begin(context, 'unknown', { before, upTo: upTo + 1 });
  if (current > upTo) throw needsDecision(changedSince(context));
  await noteOurs(context, current);
  return 'happened';
}

async function begin(context: EngineContext, progress: Progress, receipt: WriteReceipt): Promise<Progress> {
  const { store, connection, ref } = context;
  await store.note(ref, { provider: 'unknown', receipts: { [connection.type]: receipt } });
  return progress;
}

async function noteOurs(context: EngineContext, id: number): Promise<void> {
  await noteCurrent(context, { before: (await receiptOf(context)).before ?? id, ours: id });
}

async function receiptOf({ store, connection, ref }: EngineContext): Promise<Partial<WriteReceipt>> {
  return (await store.read(ref)).receipts[connection.type] ?? {};
}

/** Emergency: a new throwaway value becomes the current secret. */
export async function displace(context: EngineContext): Promise<void> {
  await displaceWith(context, context.ref);
}

/** Makes a throwaway value current, and records the secret's id. After a lost answer another one is made. */
async function displaceWith(context: EngineContext, holder: VersionRef): Promise<Control['parts']> {
  const { store, client, connection } = context;
  const parts = await newValue(connection.type, connection.jwt.algorithm);
  await requireFence(store, context.ref);
  await client.rotate(parts[connection.part] ?? '');
  const { current } = await list(context);
  await store.note(holder, { receipts: { [displaced]: { before: current, ours: current } } });
  return parts;
}

/**
 * Emergency: ends every secret but the current one and those of the version. No list shows which value a secret holds, so every secret ends
 * that may hold a leaked value.
 */
export async function expireOthers(context: EngineContext): Promise<void> {
  const { store, client, ref } = context;
  const listed = await client.secrets();
  const own = sparesOf(context, listed);
  await expire(
    context,
    listed.filter(({ id }) => own.every((spare) => spare.id !== id)),
  );
  for (const { nonce, version, outcome } of await store.intents(ref.credential))
    if (outcome === 'open' && version !== ref.number) await store.settle({ nonce }, 'nothing-made');
}

/** A value that the engine must accept for a refusal of another one to prove anything. */
export interface Control {
  /** The value by parts. */
  readonly parts: Readonly<Record<string, string>>;
  /** Its name for people. */
  readonly name: string;
}

/**
 * The current version's value. In an emergency that value is compromised, so a new throwaway value becomes current and is kept in memory
 * for the check. Null where there is neither.
 */
export async function controlOf(context: EngineContext): Promise<Control | null> {
  const { store, versions, ref } = context;
  const current = await controlFor(store, ref);
  if (current) return { parts: await store.unseal(current), name: 'the current value' };
  const holder = versions.findLast(({ receipts }) => receipts[displaced] !== undefined);
  if (!holder || (await list(context)).current !== holder.receipts[displaced]?.ours) return null;
  const parts = await displaceWith(context, { ...ref, number: holder.number });
  return { parts, name: 'a value that was made for this check' };
}
