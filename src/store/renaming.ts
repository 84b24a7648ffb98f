import type { Insertable } from 'kysely';
import { z } from 'zod';
import { UserError } from '../domain/user-error.js';
import type { StoreContext } from './context.js';
import { StoreBusy } from './failures.js';
import { append } from './ledger.js';
import { keepName, knownNames, takenName } from './names.js';
import { whyNotQuiet } from './quiet.js';
import { sealedRow, selectVersions, type VersionRow } from './rows.js';
import { seal, unseal } from './sealing.js';
import { writeStates } from './states.js';
import type { VersionsTable } from './tables.js';
import type { Renaming } from './records.js';
import type { Store } from './store.js';

const NoticeBody = z.looseObject({ id: z.string(), credential: z.string().optional() });

/** A credential gets another name, and everything that is known of it goes along. */
export function renamingQueries(context: StoreContext): Pick<Store, 'names' | 'rename'> {
  return {
    names: () => knownNames(context),
    rename: (renaming) => rename(context, renaming),
  };
}

interface Resealed {
  /** As it was when its seal was opened. */
  readonly before: VersionRow;
  readonly after: Insertable<VersionsTable>;
}

/** A value is sealed for its credential's name. Sealing is asynchronous and so happens before the transaction, which looks whether it still fits. */
async function rename(context: StoreContext, renaming: Renaming): Promise<void> {
  const { credential, to } = renaming;
  const rows = await versionsOf(context, credential);
  const resealed = await Promise.all(rows.map((row) => resealAs(context, row, to)));
  await writeStates(context, async (inside) => {
    const refused = (await whyNotQuiet(inside, credential)) ?? (await whyNotTo(inside, renaming));
    if (refused) throw refused;
    const now = await versionsOf(inside, credential);
    if (now.length !== resealed.length || now.some((row, index) => row.sealed !== resealed[index]?.before.sealed))
      throw new StoreBusy();
    await moveRows(inside, renaming, resealed);
    await moveNotices(inside, renaming);
    await moveNames(inside, renaming);
    const { actor } = renaming;
    await append(inside, { event: 'renamed', credential, actor, detail: `its name is ${to} from now on` });
    await append(inside, { event: 'renamed', credential: to, actor, detail: `its name was ${credential} until now` });
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

async function whyNotTo(context: StoreContext, { credential, to }: Renaming): Promise<UserError | null> {
  const taken = await context.db.selectFrom('credentials').select('name').where('name', '=', to).executeTakeFirst();
  if (taken)
    return new UserError(`There is a credential ${to} in the store already.`, {
      state: 'Nothing was changed.',
      next: 'Choose another name.',
    });
  return takenName(context, to, credential);
}

/** Rows that refer to others are moved between the making of the new ones and the end of the old. */
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
  'claims',
  'rotations',
  'intents',
  'evidence',
  'emergencies',
  'cadences',
  'verifications',
  'profiles',
  'reconciliations',
] as const;

/** Under its old id a notice would be told again. */
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

/** A credential that gets a former name of its own back has that one no longer as a former one. */
async function moveNames(context: StoreContext, { credential, to }: Renaming): Promise<void> {
  const { db } = context;
  await db.updateTable('former_names').set({ credential: to }).where('credential', '=', credential).execute();
  await db.updateTable('former_names').set({ credential: null }).where('name', '=', to).execute();
  await keepName(context, { name: credential, credential: to, version: 0, fence: 0 });
}
