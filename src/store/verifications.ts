import { z } from 'zod';
import type { Verification } from '../domain/verification.js';
import type { StoreContext } from './context.js';
import type { Tables } from './tables.js';

const MemoryColumn = z.object({
  lastUsed: z.number().nullable(),
  movedAt: z.number().nullable(),
  movesWithinMs: z.number().nullable(),
  line: z.number().nullable(),
  changes: z.record(z.string(), z.number()),
  refusedAt: z.number().nullable(),
});

export async function verification({ db }: StoreContext, credential: string): Promise<Verification | null> {
  const row = await db.selectFrom('verifications').selectAll().where('credential', '=', credential).executeTakeFirst();
  return row ? toVerification(row) : null;
}

export async function keepVerification(
  context: StoreContext,
  known: Verification | null,
  next: Verification,
): Promise<boolean> {
  const stored = await verification(context, next.credential);
  if (stored?.lookedAt !== known?.lookedAt || stored?.healTriedAt !== known?.healTriedAt) return false;
  const { credential, ...columns } = toRow(next);
  await context.db
    .insertInto('verifications')
    .values({ credential, ...columns })
    .onConflict((conflict) => conflict.column('credential').doUpdateSet(columns))
    .execute();
  return true;
}

export async function claimHeal({ db, now }: StoreContext, credential: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('verifications')
    .set({ heal_tried_at: now() })
    .where('credential', '=', credential)
    .where('heal_tried_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function releaseHeal({ db }: StoreContext, credential: string): Promise<void> {
  await db.updateTable('verifications').set({ heal_tried_at: null }).where('credential', '=', credential).execute();
}

function toVerification(row: Tables['verifications']): Verification {
  const { credential, version, state, drift, why, since, trouble } = row;
  return {
    ...{ credential, version, state, drift, why, since, trouble },
    ...{ lookedAt: row.looked_at, verifiedAt: row.verified_at },
    ...{ healTriedAt: row.heal_tried_at, healedAt: row.healed_at, healedBy: row.healed_by },
    memory: MemoryColumn.parse(JSON.parse(row.memory)),
  };
}

function toRow({ memory, ...seen }: Verification): Tables['verifications'] {
  const { credential, version, state, drift, why, since, trouble } = seen;
  return {
    ...{ credential, version, state, drift, why, since, trouble },
    ...{ looked_at: seen.lookedAt, verified_at: seen.verifiedAt },
    ...{ heal_tried_at: seen.healTriedAt, healed_at: seen.healedAt, healed_by: seen.healedBy },
    memory: JSON.stringify(memory),
  };
}
