import { UserError } from '../domain/user-error.js';
import type { StoreContext } from './context.js';
import { takenName } from './names.js';
import type { CredentialRow } from './records.js';

export function credentials({ db }: StoreContext): Promise<CredentialRow[]> {
  return db.selectFrom('credentials').selectAll().orderBy('name').execute();
}

export async function claim(
  context: StoreContext,
  credential: CredentialRow,
  resources: readonly string[],
): Promise<void> {
  const conflict = await register(context, credential, resources);
  if (conflict) throw conflict;
}

/** Registers a credential and its claims. Idempotent. Returns a conflict for the caller to throw. */
export async function register(
  context: StoreContext,
  credential: CredentialRow,
  resources: readonly string[],
): Promise<UserError | null> {
  return (await enter(context, credential)) ?? (await takeClaims(context, credential.name, resources));
}

/** Removes a credential without versions, and its claims. */
export async function unregister({ db }: StoreContext, credential: string): Promise<void> {
  await db.deleteFrom('claims').where('credential', '=', credential).execute();
  await db.deleteFrom('credentials').where('name', '=', credential).execute();
}

/** A credential with versions keeps its account, because values are sealed for it. */
async function enter({ db, ...context }: StoreContext, credential: CredentialRow): Promise<UserError | null> {
  const { name, procedure, account } = credential;
  const known = await db.selectFrom('credentials').selectAll().where('name', '=', name).executeTakeFirst();
  if (known?.procedure === procedure && known.account === account) return null;
  if (!known) {
    const taken = await takenName({ db, ...context }, name);
    if (taken) return taken;
    await db.insertInto('credentials').values({ name, procedure, account }).execute();
    return null;
  }
  const used = await db.selectFrom('versions').select('number').where('credential', '=', name).executeTakeFirst();
  if (used) return movedAway(known, credential);
  await db.updateTable('credentials').set({ procedure, account }).where('name', '=', name).execute();
  return null;
}

async function takeClaims(
  { db }: StoreContext,
  credential: string,
  resources: readonly string[],
): Promise<UserError | null> {
  for (const resource of resources) {
    const owner = await db.selectFrom('claims').selectAll().where('resource', '=', resource).executeTakeFirst();
    if (owner && owner.credential !== credential) return claimedBy(owner.credential, resource, credential);
    if (!owner) await db.insertInto('claims').values({ resource, credential }).execute();
  }
  return null;
}

function movedAway(known: CredentialRow, wanted: CredentialRow): UserError {
  return new UserError(
    `The credential ${known.name} is ${describe(known)} in the store, but ${describe(wanted)} in the configuration.`,
    {
      state: 'Nothing was changed. Its stored values are bound to the earlier account.',
      next: 'Restore the earlier procedure, engine and provider account in the configuration. To move to another account, start with a new store and adopt the value there.',
    },
  );
}

function describe({ procedure, account }: CredentialRow): string {
  return `${procedure} at ${account}`;
}

function claimedBy(owner: string, resource: string, credential: string): UserError {
  return new UserError(`${resource} already belongs to the credential ${owner}, so ${credential} cannot have it.`, {
    state: 'Nothing was changed.',
    next: `Let only one credential of the configuration use it: rotate it as ${owner}, or remove it from ${credential}.`,
  });
}
