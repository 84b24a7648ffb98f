import type { Opened } from '../domain/rotation.js';
import type { VersionRef } from '../domain/version.js';
import { forgetAttempts, isSuperseded, requireNewest } from './attempts.js';
import { compiled, type StoreContext } from './context.js';
import { register } from './credentials.js';
import { fenceLost, needsDecision } from './failures.js';
import { append } from './ledger.js';
import { floorOf } from './names.js';
import { requireReconciled } from './reconciliation.js';
import { currentRow, freshRow, nextNumber, type VersionRow } from './rows.js';
import { requireStates } from './states.js';
import type { Flag, Tables } from './tables.js';
import type { CredentialRow, Writer, RotationRow, Wanted } from './records.js';
import type { Store } from './store.js';
import { withdrawTasks } from './tasks.js';
import { forgetWishes } from './wishes.js';

/** A row of the table of rotations. */
export type Rotation = Tables['rotations'];

export interface Opening {
  readonly credential: CredentialRow;
  readonly request: Wanted;
  readonly writer: Writer;
}

const selectOpen = compiled((db) =>
  db.selectFrom('rotations').selectAll().where('credential', '=', '').where('closed_at', 'is', null),
);

export async function openRotation({ db }: StoreContext, credential: string): Promise<Rotation | undefined> {
  return (await selectOpen(db, [credential]))[0];
}

export async function fence(context: StoreContext, ref: VersionRef, writer: Writer): Promise<number> {
  const asked = Date.now();
  const rotation = await requireFence(context, ref);
  if (!isOf(rotation, writer)) throw lost(ref, `it belongs to ${rotation.workflow_id}, run ${rotation.run_id}`);
  if (await isSuperseded(context, ref.credential, writer))
    throw lost(ref, 'a later attempt of the same step has begun');
  return asked;
}

/** @throws FenceLost unless the rotation with this fence is open */
export async function requireFence(context: StoreContext, ref: VersionRef): Promise<Rotation> {
  const rotation = await openRotation(context, ref.credential);
  if (!rotation) throw lost(ref, 'no rotation is open');
  if (rotation.fence !== ref.fence) throw lost(ref, `the open rotation has fence ${rotation.fence}`);
  return rotation;
}

/** One writer per credential: the open rotation, identified by its fence and its run. */
export async function open(
  context: StoreContext,
  ...[credential, claims, request, writer]: Parameters<Store['open']>
): Promise<Opened> {
  const opening = { credential, request, writer };
  await requireNewest(context, credential.name, writer);
  const running = await openRotation(context, credential.name);
  if (running) return reopen(context, running, writer);
  await requireFirst(context, opening);
  await requireReconciled(context, credential.name);
  await requireStates(context);
  await enter(context, credential, claims);
  const opened = await preview(context, credential.name);
  await context.db.insertInto('versions').values(freshRow(opened.next, context.now())).execute();
  await begin(context, opening, { opened, seized: 0 });
  return opened;
}

/** Resumes the open rotation for the same run, whose answer was lost. Any other run has to wait. */
async function reopen(context: StoreContext, running: Rotation, writer: Writer): Promise<Opened> {
  const { credential, fence, workflow_id, opened_at } = running;
  if (!isOf(running, writer))
    throw needsDecision(
      `Another rotation of ${credential} is open: ${workflow_id}, since ${new Date(opened_at).toISOString()}. Wait until it ends, or close it first`,
    );
  if (running.seized === 1) throw fenceLost(`An emergency took ${credential} over, with fence ${fence}`);
  return resume(context, running);
}

/** A workflow's run opens one rotation. A request for another one comes from a late attempt, and no workflow would run it. */
async function requireFirst({ db }: StoreContext, { credential, writer }: Opening): Promise<void> {
  if (!writer.attempt) return;
  const ended = await db
    .selectFrom('rotations')
    .select('fence')
    .where('credential', '=', credential.name)
    .where('workflow_id', '=', writer.workflowId)
    .where('run_id', '=', writer.runId)
    .executeTakeFirst();
  if (ended) throw fenceLost(`The rotation of ${credential.name} by this run is over; it had fence ${ended.fence}`);
}

/** Registers a credential for a rotation. A conflict needs a person's decision. */
export async function enter(
  context: StoreContext,
  credential: CredentialRow,
  claims: readonly string[],
): Promise<void> {
  const conflict = await register(context, credential, claims);
  if (conflict) throw needsDecision(`${conflict.message} ${conflict.state} ${conflict.next}`);
}

/** Records the start of a rotation. */
export async function begin(
  context: StoreContext,
  { credential, request, writer }: Opening,
  { opened, seized }: { readonly opened: Opened; readonly seized: Flag },
): Promise<void> {
  const { fence, next } = opened;
  await forgetAttempts(context, credential.name, writer);
  await forgetWishes(context, credential.name, writer);
  await context.db
    .insertInto('rotations')
    .values({
      ...{ credential: credential.name, fence, version: next.number, seized },
      ...{ workflow_id: writer.workflowId, run_id: writer.runId },
      ...{ actor: request.actor, trigger: request.trigger, reason: request.reason },
      ...{ resets_cadence: request.resetsCadence ? 1 : 0, grace_ms: request.graceMs ?? null },
      ...{ opened_at: context.now(), closed_at: null, outcome: null, why: null },
    })
    .execute();
  await append(context, {
    ...{ event: seized ? 'seized' : 'opened', credential: credential.name, version: next.number, fence },
    ...{ actor: request.actor, detail: `${request.trigger}: ${request.reason}` },
    ...{ workflowId: writer.workflowId, runId: writer.runId },
  });
}

/** The starting point of an open rotation, by the present state. */
export async function resume(context: StoreContext, { credential, fence, version }: Rotation): Promise<Opened> {
  return { ...(await startingPoint(context, credential, fence)), next: { credential, number: version, fence } };
}

/** The starting point of a new rotation. */
export async function preview(context: StoreContext, credential: string): Promise<Opened> {
  const fence = await nextFence(context, credential);
  const number = await nextNumber(context, credential);
  return { ...(await startingPoint(context, credential, fence)), next: { credential, number, fence } };
}

/** Above every fence of earlier rotations, including those before a restore and those of a forgotten credential of the same name. */
export async function nextFence(context: StoreContext, credential: string): Promise<number> {
  const { db } = context;
  const { fence: floor } = await floorOf(context, credential);
  const { highest } = await db
    .selectFrom('rotations')
    .select((column) => column.fn.max('fence').as('highest'))
    .where('credential', '=', credential)
    .executeTakeFirstOrThrow();
  const { fence_floor } = await db.selectFrom('installation').select('fence_floor').executeTakeFirstOrThrow();
  return Math.max(highest ?? 0, fence_floor, floor) + 1;
}

export function isOf(rotation: Rotation, { workflowId, runId }: Writer): boolean {
  return rotation.workflow_id === workflowId && rotation.run_id === runId;
}

async function startingPoint(context: StoreContext, credential: string, fence: number): Promise<Omit<Opened, 'next'>> {
  const current = await currentRow(context, credential);
  if (!current) return { fence, current: null, unconfirmed: false };
  return {
    fence,
    current: { credential, number: current.number, fence },
    unconfirmed: current.adopted === 1 && !(await hasProcessedDocument(context, current)),
  };
}

async function hasProcessedDocument({ db }: StoreContext, { credential, number }: VersionRow): Promise<boolean> {
  const proof = await db
    .selectFrom('evidence')
    .select('ordinal')
    .where('credential', '=', credential)
    .where('version', '=', number)
    .where('kind', '=', 'document')
    .where('outcome', '=', 'proved')
    .executeTakeFirst();
  return proof !== undefined;
}

export async function handOver(context: StoreContext, ref: VersionRef, writer: Writer): Promise<void> {
  const { workflowId, runId } = writer;
  await requireNewest(context, ref.credential, writer);
  const rotation = await requireFence(context, ref);
  if (rotation.workflow_id !== workflowId) throw lost(ref, `it belongs to ${rotation.workflow_id}`);
  await updateRotation(context, ref).set({ run_id: runId }).execute();
}

/** Idempotent for the same outcome. */
export async function close(context: StoreContext, ...[ref, outcome, why]: Parameters<Store['close']>): Promise<void> {
  const known = await context.db
    .selectFrom('rotations')
    .select('outcome')
    .where('credential', '=', ref.credential)
    .where('fence', '=', ref.fence)
    .executeTakeFirst();
  if (known?.outcome === outcome) return;
  await requireFence(context, ref);
  await end(context, ref, { outcome, why });
}

/** Records the end of a rotation. */
export async function end(
  context: StoreContext,
  ref: VersionRef,
  { outcome, why }: Pick<RotationRow, 'outcome' | 'why'>,
): Promise<void> {
  const { credential, number, fence } = ref;
  await updateRotation(context, ref).set({ closed_at: context.now(), outcome, why }).execute();
  await withdrawTasks(context, ref);
  await append(context, {
    ...{ event: 'closed', credential, version: number, fence },
    ...(outcome !== null && { outcome }),
    ...(why !== null && { detail: why }),
  });
}

function updateRotation({ db }: StoreContext, { credential, fence }: VersionRef) {
  return db.updateTable('rotations').where('credential', '=', credential).where('fence', '=', fence);
}

export async function rotations({ db }: StoreContext, credential?: string): Promise<RotationRow[]> {
  let query = db.selectFrom('rotations').selectAll().orderBy('opened_at', 'desc').orderBy('fence', 'desc');
  if (credential !== undefined) query = query.where('credential', '=', credential);
  return (await query.execute()).map(
    ({ credential, fence, version, actor, trigger, reason, outcome, why, ...row }) => ({
      ...{ credential, fence, workflowId: row.workflow_id, runId: row.run_id, version },
      request: { actor, trigger, reason, ...(row.resets_cadence === 1 && { resetsCadence: true }) },
      ...{ seized: row.seized === 1, graceMs: row.grace_ms, openedAt: row.opened_at, closedAt: row.closed_at },
      ...{ outcome, why },
    }),
  );
}

function lost({ credential, fence }: VersionRef, why: string) {
  return fenceLost(`Fence ${fence} of ${credential} is not valid: ${why}`);
}
