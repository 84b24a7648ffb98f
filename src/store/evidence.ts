import { sql } from 'kysely';
import type { Evidence, Finding } from '../domain/evidence.js';
import { type StoreContext, writeUnsynced } from './context.js';
import { noVersion, type VersionKey } from './rows.js';
import type { Store } from './store.js';

/** Findings are only ever added, so they need no fence. */
export function evidenceQueries(context: StoreContext): Pick<Store, 'prove' | 'evidence'> {
  return {
    prove: (ref, finding) => writeUnsynced(context, (inside) => prove(inside, ref, finding)),
    evidence: (ref) => list(context, ref),
  };
}

/** One statement: a rotation keeps ten findings, and each costs a wait. */
async function prove(context: StoreContext, { credential, number }: VersionKey, finding: Finding): Promise<void> {
  const { kind, outcome, detail, providerTime = null } = finding;
  const { numInsertedOrUpdatedRows } = await context.db
    .insertInto('evidence')
    .columns(['credential', 'version', 'ordinal', 'at', 'kind', 'outcome', 'detail', 'provider_time'])
    .expression((query) =>
      query
        .selectFrom('versions')
        .where('credential', '=', credential)
        .where('number', '=', number)
        .select(['credential', 'number', nextOrdinal.as('ordinal'), query.val(context.now()).as('at')])
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

async function list({ db }: StoreContext, { credential, number }: VersionKey): Promise<Evidence[]> {
  const rows = await db
    .selectFrom('evidence')
    .selectAll()
    .where('credential', '=', credential)
    .where('version', '=', number)
    .orderBy('ordinal', 'desc')
    .execute();
  return rows.map(({ kind, outcome, detail, at, provider_time }) => ({
    ...{ kind, outcome, detail, at },
    ...(provider_time !== null && { providerTime: provider_time }),
  }));
}
