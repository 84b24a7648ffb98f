import { sql } from 'kysely';
import type { Evidence } from '../domain/evidence.js';
import { refuseSuperseded } from './attempts.js';
import { type StoreContext, writeUnsynced } from './context.js';
import { noVersion, type VersionKey } from './rows.js';
import type { Store } from './store.js';

/** Findings are only added, so they need no fence. The newest is the one observed last, whenever it was written. */
export function evidenceQueries(context: StoreContext): Pick<Store, 'prove' | 'evidence'> {
  return {
    prove: (ref, finding, witness) =>
      writeUnsynced(context, async (inside) => {
        await refuseSuperseded(inside, ref.credential, witness?.writer);
        await prove(inside, ref, { ...finding, at: witness?.at ?? context.now() });
      }),
    evidence: (ref) => list(context, ref),
  };
}

/** Inserts a finding with a single statement: a rotation stores ten findings, and each statement costs a wait. */
async function prove({ db }: StoreContext, { credential, number }: VersionKey, finding: Evidence): Promise<void> {
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

async function list({ db }: StoreContext, { credential, number }: VersionKey): Promise<Evidence[]> {
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
