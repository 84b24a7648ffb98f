import { UserError } from '../domain/user-error.js';
import type { StoreContext } from './context.js';
import type { KnownName } from './records.js';

/** What versions and fences of a name have to be above: numbers of a forgotten credential are never given again. */
export async function floorOf(
  { db }: StoreContext,
  name: string,
): Promise<{ readonly version: number; readonly fence: number }> {
  const row = await db.selectFrom('former_names').selectAll().where('name', '=', name).executeTakeFirst();
  return { version: row?.version ?? 0, fence: row?.fence ?? 0 };
}

/** Null when a credential may have this name as far as earlier names go; else what stands against it. */
export async function takenName({ db }: StoreContext, name: string, credential = name): Promise<UserError | null> {
  const row = await db.selectFrom('former_names').selectAll().where('name', '=', name).executeTakeFirst();
  if (!row || row.credential === null || row.credential === credential) return null;
  return new UserError(`${name} was the name of ${row.credential}, and what was made under it belongs to that one.`, {
    state: 'Nothing was changed.',
    next: 'Choose another name.',
  });
}

/** The credential's name and every one that it had. */
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

export interface FormerName {
  readonly name: string;
  readonly credential: string | null;
  /** The highest numbers that a forgotten credential had; 0 for none. */
  readonly version: number;
  readonly fence: number;
}

/** Keeps a name that is given up. What it was before stays true. */
export async function keepName(context: StoreContext, { name, credential, ...floor }: FormerName): Promise<void> {
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
