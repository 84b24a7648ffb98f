import { sql } from 'kysely';
import type { Evidence } from '../domain/evidence.js';
import { refuseSuperseded } from './attempts.js';
import type { StoreContext } from './context.js';
import { noVersion, type VersionKey } from './rows.js';
import type { Store } from './store.js';

/** Findings are only added, so they need no fence. The newest is the one observed last, whenever it was written. */
export async function prove(
  context: StoreContext,
  ...[ref, finding, witness]: Parameters<Store['prove']>
): Promise<void> {
  await refuseSuperseded(context, ref.credential, witness?.writer);
  await insert(context, ref, { ...finding, at: witness?.at ?? context.now() });
}

/** With a single statement: a rotation stores ten findings, and each statement costs a wait. */
async function insert({ db }: StoreContext, { credential, number }: VersionKey, finding: Evidence): Promise<void> {
  const { kind, outcome, detail, at, providerTime = null } = finding;
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('evidence')
    .columns(['credential', 'version', 'ordinal', 'at', 'kind', 'outcome', 'detail', 'provider_time'])
    .expression((query) =>
      query
        .selectFrom('versions')
        .where('credential', '=', credential)
        .where('number', '=', number)
        .select(['credential', 'number', nextOrdinal.as('ordinal'), query.val(at).as('at')])
        .select([query.val(kind).as('kind'), query.val(outcome).as('outcome'), query.val(detail).as('detail')])
        .select(query.val(providerTime).as('provider_time')),
    )
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows === 0n) throw noVersion({ credential, number });
}

const nextOrdinal = sql<number>`(
  select coalesce(max(ordinal), 0) + 1 from evidence
  where evidence.credential = versions.credential and evidence.version = versions.number
)`;

export async function evidence({ db }: StoreContext, { credential, number }: VersionKey): Promise<Evidence[]> {
  const rows = await db
    .selectFrom('evidence')
    .selectAll()
    .where('credential', '=', credential)
    .where('version', '=', number)
    .orderBy('at', 'desc')
    .orderBy('ordinal', 'desc')
    .execute();
  return rows.map(({ kind, outcome, detail, at, provider_time }) => ({
    ...{ kind, outcome, detail, at },
    ...(provider_time !== null && { providerTime: provider_time }),
  }));
}
