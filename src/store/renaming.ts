import { z } from 'zod';
import { UserError } from '../domain/user-error.js';
import type { StoreContext } from './context.js';
import { StoreBusy } from './failures.js';
import { append } from './ledger.js';
import { keepName, takenName } from './names.js';
import { whyNotQuiet } from './quiet.js';
import { sealedRow, selectVersions, type VersionRow } from './rows.js';
import { seal, unseal } from './sealing.js';
import { writeStates } from './states.js';
import type { Renaming } from './records.js';
import type { Tables } from './tables.js';

const NoticeBody = z.looseObject({ id: z.string(), credential: z.string().optional() });

interface Resealed {
  /** The row when its seal was opened. */
  readonly before: VersionRow;
  readonly after: Tables['versions'];
}

/**
 * Seals every value for the new name, since a seal covers the credential's name. Sealing is asynchronous and so precedes the transaction,
 * which checks that no row has changed meanwhile.
 */
export async function rename(context: StoreContext, renaming: Renaming): Promise<void> {
  const { credential, to } = renaming;
  const rows = await versionsOf(context, credential);
  const resealed = await Promise.all(rows.map((row) => resealAs(context, row, to)));
  await writeStates(context, async (inside) => {
    const refused = (await whyNotQuiet(inside, credential)) ?? (await whyNameTaken(inside, renaming));
    if (refused) throw refused;
    const now = await versionsOf(inside, credential);
    if (now.length !== resealed.length || now.some((row, index) => row.sealed !== resealed[index]?.before.sealed))
      throw new StoreBusy();
    await moveRows(inside, renaming, resealed);
    await moveNotices(inside, renaming);
    await moveNames(inside, renaming);
    const { actor } = renaming;
    await append(inside, { event: 'renamed', credential, actor, detail: `the new name is ${to}` });
    await append(inside, { event: 'renamed', credential: to, actor, detail: `the former name is ${credential}` });
  });
}

function versionsOf(context: StoreContext, credential: string): Promise<VersionRow[]> {
  return selectVersions(context).where('versions.credential', '=', credential).execute();
}

async function resealAs({ ring }: StoreContext, before: VersionRow, to: string): Promise<Resealed> {
  const { account, ...columns } = before;
  const { number, providerId } = sealedRow(before);
  const parts = await unseal(ring, sealedRow(before));
  const sealed = before.sealed === null ? {} : await seal(ring, { credential: to, number, account, providerId }, parts);
  return { before, after: { ...columns, ...sealed, credential: to } };
}

async function whyNameTaken(context: StoreContext, { credential, to }: Renaming): Promise<UserError | null> {
  const taken = await context.db.selectFrom('credentials').select('name').where('name', '=', to).executeTakeFirst();
  if (taken)
    return new UserError(`The store already has a credential ${to}.`, {
      state: 'Nothing was changed.',
      next: 'Choose another name.',
    });
  return takenName(context, to, credential);
}

/** Inserts the new rows, moves the rows that refer to them, and then deletes the old rows. */
async function moveRows(
  { db }: StoreContext,
  { credential, to }: Renaming,
  versions: readonly Resealed[],
): Promise<void> {
  const { procedure, account } = await db
    .selectFrom('credentials')
    .selectAll()
    .where('name', '=', credential)
    .executeTakeFirstOrThrow();
  await db.insertInto('credentials').values({ name: to, procedure, account }).execute();
  for (const { after } of versions) await db.insertInto('versions').values(after).execute();
  for (const table of following)
    await db.updateTable(table).set({ credential: to }).where('credential', '=', credential).execute();
  for (const table of ['attempts', 'reservations', 'wishes', 'versions'] as const)
    await db.deleteFrom(table).where('credential', '=', credential).execute();
  await db.deleteFrom('credentials').where('name', '=', credential).execute();
}

const following = [
  ...(['claims', 'rotations', 'intents', 'tasks', 'evidence', 'emergencies'] as const),
  ...(['cadences', 'verifications', 'profiles', 'reconciliations'] as const),
];

/** Changes the ids of notices too: under an old id a notice would be sent again. */
async function moveNotices({ db }: StoreContext, { credential, to }: Renaming): Promise<void> {
  for (const { id, channel, body } of await db.selectFrom('notices').select(['id', 'channel', 'body']).execute()) {
    const notice = NoticeBody.parse(JSON.parse(body));
    if (notice.credential !== credential) continue;
    const moved = id.startsWith(`${credential}/`) ? `${to}${id.slice(credential.length)}` : id;
    await db
      .updateTable('notices')
      .set({ id: moved, body: JSON.stringify({ ...notice, id: moved, credential: to }) })
      .where('id', '=', id)
      .where('channel', '=', channel)
      .execute();
  }
}

/** Records the old name as a former one. A credential that gets a former name back no longer has it as a former one. */
async function moveNames(context: StoreContext, { credential, to }: Renaming): Promise<void> {
  const { db } = context;
  await db.updateTable('former_names').set({ credential: to }).where('credential', '=', credential).execute();
  await db.updateTable('former_names').set({ credential: null }).where('name', '=', to).execute();
  await keepName(context, { name: credential, credential: to, version: 0, fence: 0 });
}
