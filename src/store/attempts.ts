import { compiled } from './compiled.js';
import type { StoreContext } from './context.js';
import type { LedgerEntry, Presenter } from './records.js';

const upsert = compiled((db) =>
  db
    .insertInto('attempts')
    .values({ credential: '', run_id: '', activity_id: '', newest: 0 })
    .onConflict((conflict) =>
      conflict
        .columns(['credential', 'run_id', 'activity_id'])
        .doUpdateSet((row) => ({ newest: row.ref('excluded.newest') }))
        .whereRef('attempts.newest', '<', 'excluded.newest'),
    ),
);
const select = compiled((db) =>
  db
    .selectFrom('attempts')
    .select('newest')
    .where('credential', '=', '')
    .where('run_id', '=', '')
    .where('activity_id', '=', ''),
);

/** Attempts of one activity overlap when one is frozen: the newest that has begun is the one that may change something. */
export async function noteAttempt({ db }: StoreContext, entry: LedgerEntry): Promise<void> {
  const { event, credential, runId, activityId, attempt } = entry;
  if (event !== 'started' || !credential || !runId || !activityId || attempt === undefined) return;
  await upsert(db, [credential, runId, activityId, attempt]);
}

/** Whether a later attempt of the same activity has begun. */
export async function isSuperseded(
  { db }: StoreContext,
  credential: string,
  { runId, attempt }: Presenter,
): Promise<boolean> {
  if (!attempt) return false;
  const [known] = await select(db, [credential, runId, attempt.activity]);
  return known !== undefined && known.newest > attempt.number;
}

/** A new rotation has activities of its own. */
export async function forgetAttempts({ db }: StoreContext, credential: string): Promise<void> {
  await db.deleteFrom('attempts').where('credential', '=', credential).execute();
}
