import { UserError } from '../domain/user-error.js';
import type { StoreContext } from './context.js';
import type { KnownName } from './records.js';
import type { Tables } from './tables.js';

/** Versions and fences of a name have to be above these numbers: those of a forgotten credential are never used again. */
export async function floorOf(
  { db }: StoreContext,
  name: string,
): Promise<Pick<Tables['former_names'], 'version' | 'fence'>> {
  const row = await db.selectFrom('former_names').selectAll().where('name', '=', name).executeTakeFirst();
  return { version: row?.version ?? 0, fence: row?.fence ?? 0 };
}

/** Null when no earlier name prevents a credential from having this name. Otherwise the reason. */
export async function takenName({ db }: StoreContext, name: string, credential = name): Promise<UserError | null> {
  const row = await db.selectFrom('former_names').selectAll().where('name', '=', name).executeTakeFirst();
  if (!row || row.credential === null || row.credential === credential) return null;
  return new UserError(
    `${name} is an earlier name of ${row.credential}, and its labels still belong to that credential.`,
    { state: 'Nothing was changed.', next: 'Choose another name.' },
  );
}

/** The credential's present name and every earlier one. */
export async function namesOf({ db }: StoreContext, credential: string): Promise<string[]> {
  const rows = await db.selectFrom('former_names').select('name').where('credential', '=', credential).execute();
  return [credential, ...rows.map(({ name }) => name)];
}

export async function knownNames(context: StoreContext): Promise<KnownName[]> {
  const { db } = context;
  const known: KnownName[] = [];
  for (const { name: credential } of await db.selectFrom('credentials').select('name').orderBy('name').execute())
    for (const name of await namesOf(context, credential))
      known.push({ name, credential, after: (await floorOf(context, name)).version });
  return known;
}

/** Records a former name. Earlier floors of the name stay. */
export async function keepName(
  context: StoreContext,
  { name, credential, ...floor }: Omit<Tables['former_names'], 'at'>,
): Promise<void> {
  const known = await floorOf(context, name);
  const values = {
    ...{ credential, at: context.now() },
    version: Math.max(known.version, floor.version),
    fence: Math.max(known.fence, floor.fence),
  };
  await context.db
    .insertInto('former_names')
    .values({ name, ...values })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
    .execute();
}
