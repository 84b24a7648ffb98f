import { canMove, type VersionRef, type VersionState } from '../domain/version.js';
import { refuseSuperseded } from './attempts.js';
import type { StoreContext } from './context.js';
import { needsDecision } from './failures.js';
import { requireFence } from './rotations.js';
import { currentRow, selectVersions, update, type VersionRow, versionRow } from './rows.js';
import type { Writer } from './records.js';
import type { Store } from './store.js';

/** Moves are idempotent. Every move except to current, which only `promote` and `demote` make. */
export async function move(context: StoreContext, ...[ref, to, endProof]: Parameters<Store['move']>): Promise<void> {
  await requireFence(context, ref);
  const row = await versionRow(context, ref);
  if (row.state === to) return;
  if (to === 'current' || !canMove(row.state, to)) throw illegal(row, to);
  if (to === 'retired' && endProof === undefined)
    throw needsDecision(`${nameOf(row)} stays ${row.state}: there is no proof of its end`);
  const retiredAt = to === 'retired' ? context.now() : null;
  await update(context, ref)
    .set({ state: to, fence: ref.fence, end_proof: endProof ?? null, retired_at: retiredAt })
    .execute();
}

/** Only the newest attempt may write: a late promotion must not undo a demotion, nor the other way round. */
export async function promote(context: StoreContext, next: VersionRef, writer?: Writer): Promise<void> {
  await refuseSuperseded(context, next.credential, writer);
  await requireFence(context, next);
  const row = await versionRow(context, next);
  if (row.state === 'current') return;
  if (row.state !== 'candidate') throw illegal(row, 'current');
  refuseCompromised(row);
  const old = await currentRow(context, next.credential);
  if (old) await update(context, old).set({ state: 'retiring', fence: next.fence }).execute();
  await update(context, next).set({ state: 'current', fence: next.fence, promoted_at: context.now() }).execute();
}

/** Undo is registered before the promotion, so there may be nothing to undo. */
export async function demote(context: StoreContext, next: VersionRef, writer?: Writer): Promise<void> {
  await refuseSuperseded(context, next.credential, writer);
  await requireFence(context, next);
  const row = await versionRow(context, next);
  if (row.state === 'candidate') return;
  if (row.state !== 'current') throw illegal(row, 'candidate');
  const old = await newestRetiring(context, next.credential);
  if (old) refuseCompromised(old);
  await update(context, next).set({ state: 'candidate', fence: next.fence, promoted_at: null }).execute();
  if (old) await update(context, old).set({ state: 'current', fence: next.fence }).execute();
}

async function newestRetiring(context: StoreContext, credential: string): Promise<VersionRow | undefined> {
  const retiring = await selectVersions(context)
    .where('versions.credential', '=', credential)
    .where('versions.state', '=', 'retiring')
    .execute();
  return retiring.at(-1);
}

function refuseCompromised(row: VersionRow): void {
  if (row.compromised === 1) throw needsDecision(`${nameOf(row)} is compromised and must not become current again`);
}

function illegal(row: VersionRow, to: VersionState) {
  return needsDecision(`${nameOf(row)} is ${row.state} and cannot become ${to}`);
}

function nameOf({ credential, number }: VersionRow): string {
  return `Version ${number} of ${credential}`;
}
