import { type EngineView, isLive, type VersionRef, versionStates } from '../domain/version.js';
import { refuseSuperseded } from './attempts.js';
import { type StoreContext, write, writeUnsynced } from './context.js';
import { StoreBusy } from './failures.js';
import { openRotation, requireFence } from './rotations.js';
import { receiptsOf, sealedRow, update, type VersionRow, versionRow } from './rows.js';
import { type Sealed, seal, unseal } from './sealing.js';
import { writeStates } from './states.js';
import type { Store } from './store.js';

type Facts = Parameters<Store['note']>[1];

interface Resealed {
  /** The seal that was opened. The new one replaces only this one. */
  readonly from: string | null;
  readonly to: Sealed;
}

/** Write receipts are stored by setting: a note replaces only those that it names. */
export async function note(context: StoreContext, ...[ref, facts, writer]: Parameters<Store['note']>): Promise<void> {
  const resealed = facts.providerId === undefined && !facts.parts ? null : await reseal(context, ref, facts);
  const commit = facts.compromised ? writeStates : isSeen(facts) ? writeUnsynced : write;
  await commit(context, async (inside) => {
    await refuseSuperseded(inside, ref.credential, writer);
    const row = await versionRow(inside, ref);
    await requireNotable(inside, ref, row);
    if (resealed && row.sealed !== resealed.from) throw new StoreBusy();
    await update(inside, ref)
      .set({
        ...resealed?.to,
        ...columnsOf(facts),
        receipts: JSON.stringify({ ...receiptsOf(row), ...facts.receipts }),
      })
      .execute();
    if (facts.engine === 'maybe') await noteOthers(inside, ref, { from: ['yes'], to: 'maybe' });
    if (facts.engine === 'yes') await noteOthers(inside, ref, { from: ['yes', 'maybe'], to: 'no' });
  });
}

function columnsOf({ providerId, provider, engine, compromised, sources }: Facts) {
  return {
    ...(providerId !== undefined && { provider_id: providerId }),
    ...(provider && { provider }),
    ...(engine && { engine }),
    ...(compromised && { compromised: 1 }),
    ...(sources && { sources: JSON.stringify(sources) }),
  };
}

/** Whether the facts are only an observation. Facts that precede an act, or that cannot be observed again, wait for the disk. */
function isSeen({ provider = 'accepted', engine = 'yes', providerId, parts, compromised }: Facts): boolean {
  const lasting = providerId !== undefined || parts !== undefined || compromised === true;
  return !lasting && provider !== 'unknown' && engine !== 'maybe';
}

/** Updates the other versions: an engine holds only one, so a fact about one changes what is known of the others. */
async function noteOthers(
  { db }: StoreContext,
  { credential, number }: VersionRef,
  { from, to }: { readonly from: readonly EngineView[]; readonly to: EngineView },
): Promise<void> {
  await db
    .updateTable('versions')
    .set({ engine: to })
    .where('credential', '=', credential)
    .where('number', '!=', number)
    .where('engine', 'in', from)
    .where('state', 'in', versionStates.filter(isLive))
    .execute();
}

/** Seals the row again, since the seal covers the provider id, with a value or without. Before the transaction, since it is asynchronous. */
async function reseal({ ring, ...context }: StoreContext, ref: VersionRef, facts: Facts): Promise<Resealed> {
  const row = await versionRow({ ring, ...context }, ref);
  const parts = { ...(await unseal(ring, sealedRow(row))), ...facts.parts };
  const providerId = facts.providerId ?? row.provider_id;
  return { from: row.sealed, to: await seal(ring, { ...sealedRow(row), providerId }, parts) };
}

/** Facts about an adopted version before its first rotation need no fence. */
async function requireNotable(context: StoreContext, ref: VersionRef, row: VersionRow): Promise<void> {
  const beforeFirstRotation = ref.fence === 0 && row.adopted === 1;
  if (beforeFirstRotation && !(await openRotation(context, ref.credential))) return;
  await requireFence(context, ref);
}
