import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { formatDuration } from '../domain/duration.js';
import { decisions, triggers, type Wish, type Wished } from '../domain/rotation.js';
import type { StoreContext } from './context.js';
import { append } from './ledger.js';
import type { Writer } from './records.js';
import type { Store } from './store.js';

const Body = z.discriminatedUnion('for', [
  z.object({
    for: z.literal('rotation'),
    trigger: z.enum(triggers),
    reason: z.string(),
    resetsCadence: z.literal(true).exactOptional(),
    graceMs: z.number().exactOptional(),
  }),
  z.object({ for: z.literal('haste'), byMs: z.number().nullable() }),
  z.object({
    for: z.literal('decision'),
    question: z.string(),
    decision: z.enum(decisions),
    reason: z.string(),
    withoutProof: z.literal(true).exactOptional(),
  }),
]);

/** A message to Temporal can claim any actor, but only a command can write these rows. */
export async function wish(context: StoreContext, { credential, workflowId, actor, ...wished }: Wish): Promise<string> {
  const id = randomUUID();
  const body = JSON.stringify(wished);
  const row = { id, credential, workflow_id: workflowId, actor, what: wished.for, body, granted_to: null };
  await context.db.insertInto('wishes').values(row).execute();
  await append(context, { event: 'asked', credential, actor, workflowId, ...saying(wished) });
  return id;
}

export async function withdrawWish({ db }: StoreContext, id: string): Promise<void> {
  await db.deleteFrom('wishes').where('id', '=', id).execute();
}

/** Grants a request to one run only. Idempotent for that run, since an answer may be lost. */
export async function grant(
  { db }: StoreContext,
  ...[id, credential, { workflowId, runId }]: Parameters<Store['grant']>
): Promise<Wish | null> {
  const row = await db
    .selectFrom('wishes')
    .selectAll()
    .where('id', '=', id)
    .where('credential', '=', credential)
    .where('workflow_id', '=', workflowId)
    .executeTakeFirst();
  if (!row || (row.granted_to !== null && row.granted_to !== runId)) return null;
  await db.updateTable('wishes').set({ granted_to: runId }).where('id', '=', id).execute();
  return { credential, workflowId, actor: row.actor, ...Body.parse(JSON.parse(row.body)) };
}

/** Deletes the requests to earlier runs. Their ledger entries stay. */
export async function forgetWishes({ db }: StoreContext, credential: string, { runId }: Writer): Promise<void> {
  await db
    .deleteFrom('wishes')
    .where('credential', '=', credential)
    .where((where) =>
      where.or([
        where.and([where('granted_to', 'is not', null), where('granted_to', '!=', runId)]),
        where.and([where('granted_to', 'is', null), where('what', '!=', 'rotation')]),
      ]),
    )
    .execute();
}

function saying(wished: Wished): { readonly outcome?: string; readonly detail: string } {
  if (wished.for === 'decision')
    return {
      outcome: wished.withoutProof ? `${wished.decision} without proof` : wished.decision,
      detail: wished.reason,
    };
  if (wished.for === 'haste')
    return { detail: wished.byMs === null ? 'to end the wait' : `to wait ${formatDuration(wished.byMs)} longer` };
  const { trigger, reason, graceMs } = wished;
  const detail = `${trigger}: ${reason}`;
  return { detail: graceMs === undefined ? detail : `${detail}; with a grace of ${formatDuration(graceMs)}` };
}
