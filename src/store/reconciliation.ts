import type { StoreContext } from './context.js';
import { needsDecision } from './failures.js';
import { append } from './ledger.js';

/** Refuses a rotation before a reconcile: a restored store is older than the real systems. */
export async function requireReconciled(context: StoreContext, credential: string): Promise<void> {
  const restoredAt = await unreconciledSince(context, credential);
  if (restoredAt === null) return;
  throw needsDecision(
    `The store was restored from a backup at ${new Date(restoredAt).toISOString()}, and ${credential} was not reconciled since. Nothing was changed. First run keyturn reconcile ${credential}`,
  );
}

export async function unreconciledSince({ db }: StoreContext, credential: string): Promise<number | null> {
  const { restored_at } = await db.selectFrom('installation').select('restored_at').executeTakeFirstOrThrow();
  if (restored_at === null) return null;
  const done = await db
    .selectFrom('reconciliations')
    .select('at')
    .where('credential', '=', credential)
    .executeTakeFirst();
  return done ? null : restored_at;
}

export async function confirmReconciled(context: StoreContext, credential: string, actor: string): Promise<void> {
  if ((await unreconciledSince(context, credential)) === null) return;
  await context.db.insertInto('reconciliations').values({ credential, at: context.now() }).execute();
  await append(context, { event: 'reconciled', credential, actor });
}
