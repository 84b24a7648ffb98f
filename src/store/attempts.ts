import { ApplicationFailure } from '@temporalio/common';
import { compiled, type StoreContext } from './context.js';
import { fenceLost } from './failures.js';
import type { LedgerEntry, Writer } from './records.js';

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

/** Records the newest attempt of an activity. Attempts overlap when one is frozen, and only the newest may make changes. */
export async function noteAttempt({ db }: StoreContext, entry: LedgerEntry): Promise<void> {
  const { event, credential, runId, activityId, attempt } = entry;
  if (event !== 'started' || !credential || !runId || !activityId || attempt === undefined) return;
  await upsert(db, [credential, runId, activityId, attempt]);
}

/** Whether a later attempt of the same activity has begun. */
export async function isSuperseded(
  { db }: StoreContext,
  credential: string,
  { runId, attempt }: Writer,
): Promise<boolean> {
  if (!attempt) return false;
  const [known] = await select(db, [credential, runId, attempt.activity]);
  return known !== undefined && known.newest > attempt.number;
}

/** @throws FenceLost when a later attempt of the same activity has begun, which is the writer then */
export async function refuseSuperseded(
  context: StoreContext,
  credential: string,
  writer: Writer | undefined,
): Promise<void> {
  if (writer && (await isSuperseded(context, credential, writer)))
    throw fenceLost(`A later attempt of the same step of ${credential} has begun, so this one writes nothing more`);
}

/**
 * Requires that the attempt is the newest known one, and that its lease has not expired. For a write that no open rotation guards.
 * @throws FenceLost, or a retryable ApplicationFailure
 */
export async function requireNewest(context: StoreContext, credential: string, writer: Writer): Promise<void> {
  await refuseSuperseded(context, credential, writer);
  if (Date.now() > (writer.until ?? Number.POSITIVE_INFINITY))
    throw ApplicationFailure.retryable(
      `This attempt of a step of ${credential} took so long that another attempt may have replaced it`,
      'Unavailable',
    );
}

/** Forgets attempts of earlier runs. Those of `runId` stay: one run may have several rotations, and a frozen attempt may thaw after each. */
export async function forgetAttempts({ db }: StoreContext, credential: string, { runId }: Writer): Promise<void> {
  await db.deleteFrom('attempts').where('credential', '=', credential).where('run_id', '!=', runId).execute();
}
