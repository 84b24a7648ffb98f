import type { ExpressionBuilder } from 'kysely';
import type { StoreContext } from './context.js';
import { append } from './ledger.js';
import type { Tables } from './tables.js';
import type { Cadence, Group } from './records.js';
import type { Store } from './store.js';

export async function cadence({ db }: StoreContext, credential: string): Promise<Cadence | null> {
  const query = db.selectFrom('cadences').select(['anchor', 'basis', 'why']).where('credential', '=', credential);
  return (await query.executeTakeFirst()) ?? null;
}

export async function setCadence(
  context: StoreContext,
  ...[credential, next, actor]: Parameters<Store['setCadence']>
): Promise<void> {
  await context.db
    .insertInto('cadences')
    .values({ credential, ...next })
    .onConflict((conflict) => conflict.column('credential').doUpdateSet({ ...next }))
    .execute();
  const detail = `${next.basis}, counted from ${new Date(next.anchor).toISOString()}: ${next.why}`;
  await append(context, { event: 'scheduled', credential, actor, detail });
}

export async function dropCadence(context: StoreContext, credential: string, actor: string): Promise<void> {
  if (!(await cadence(context, credential))) return;
  await context.db.deleteFrom('cadences').where('credential', '=', credential).execute();
  await append(context, { event: 'unscheduled', credential, actor });
}

export async function reserve(context: StoreContext, credential: string, groups: readonly Group[]): Promise<string[]> {
  const busy = (await inProgress(context)).filter((name) => name !== credential);
  for (const { credentials, limit } of groups) {
    const others = busy.filter((name) => credentials.includes(name));
    if (others.length >= limit) return others;
  }
  const at = context.now();
  await context.db
    .insertInto('reservations')
    .values({ credential, at })
    .onConflict((conflict) => conflict.column('credential').doUpdateSet({ at }))
    .execute();
  return [];
}

const reservedMs = 60_000; // an admitted rotation opens within a second, unless its worker is gone

/**
 * Credentials with a rotation that is changing the engine, or with a reservation. Rotations in grace do not count. Neither do repairs,
 * whose version is in force.
 */
async function inProgress({ db, now }: StoreContext): Promise<string[]> {
  const open = await db
    .selectFrom('rotations')
    .innerJoin('versions', (join) =>
      join.onRef('versions.credential', '=', 'rotations.credential').onRef('versions.number', '=', 'rotations.version'),
    )
    .select('rotations.credential')
    .where('rotations.closed_at', 'is', null)
    .where('versions.state', 'in', ['intended', 'candidate'])
    .execute();
  const reserved = await letThrough({ db, now });
  return [...new Set([...open.map(({ credential }) => credential), ...reserved])];
}

/** Credentials whose scheduled rotation was just admitted and has not opened yet. */
export async function letThrough({ db, now }: Pick<StoreContext, 'db' | 'now'>): Promise<string[]> {
  const rows = await db
    .selectFrom('reservations')
    .select('credential')
    .where('at', '>', now() - reservedMs)
    .where((where) => where.not(where.exists(opened(where))))
    .execute();
  return rows.map(({ credential }) => credential);
}

function opened(where: ExpressionBuilder<Tables, 'reservations'>) {
  return where
    .selectFrom('rotations')
    .select('rotations.fence')
    .whereRef('rotations.credential', '=', 'reservations.credential')
    .whereRef('rotations.opened_at', '>=', 'reservations.at');
}
