import type { Evidence, Finding } from '../domain/evidence.js';
import { type StoreContext, writeUnsynced } from './context.js';
import { type VersionKey, versionRow } from './rows.js';
import type { Store } from './store.js';

/** Findings are only ever added, so they need no fence. */
export function evidenceQueries(context: StoreContext): Pick<Store, 'prove' | 'evidence'> {
  return {
    prove: (ref, finding) => writeUnsynced(context, (inside) => prove(inside, ref, finding)),
    evidence: (ref) => list(context, ref),
  };
}

async function prove(context: StoreContext, ref: VersionKey, finding: Finding): Promise<void> {
  const { credential, number: version } = await versionRow(context, ref);
  const { newest } = await context.db
    .selectFrom('evidence')
    .select((column) => column.fn.max('ordinal').as('newest'))
    .where('credential', '=', credential)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  const { kind, outcome, detail, providerTime } = finding;
  await context.db
    .insertInto('evidence')
    .values({
      ...{ credential, version, ordinal: (newest ?? 0) + 1, at: context.now() },
      ...{ kind, outcome, detail, provider_time: providerTime ?? null },
    })
    .execute();
}

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
