import type { Kysely } from 'kysely';
import { UserError } from '../domain/user-error.js';
import { type StoreContext, write } from './context.js';
import type { KeyRing } from './key-ring.js';
import { endFits } from './ledger.js';
import { queriesOf } from './queries.js';
import type { Tables } from './tables.js';
import { createTables, schemaVersion } from './schema.js';
import { openSqlite } from './sqlite.js';
import type { Store } from './store.js';
import { noStates, sealOf, statesFit } from './states.js';

export interface StoreOptions {
  /** For instance `sqlite:./keyturn.db`. */
  readonly url: string;
  readonly ring: KeyRing;
  /** Creates the database if it does not exist. */
  readonly create?: boolean;
  /** Locks out every other process. The store can then be read on a full disk. */
  readonly alone?: boolean;
  /** Unix milliseconds. Default: the system's clock. */
  readonly now?: () => number;
}

/**
 * Opens the store, after checking that database, key ring and ledger belong together.
 * @throws UserError when they do not, or the database cannot be used; StoreBusy when another process has locked it
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { url, ring, create = false, alone = false, now = Date.now } = options;
  const db = openDatabase(url, { create, alone });
  const context: StoreContext = { db, ring, now };
  try {
    await write(context, (inside) => check(inside, create));
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { installation: ring.installation, ...queriesOf(context), destroy: () => db.destroy() };
}

/** An error names only the scheme of the address, which may carry a password one day. */
function openDatabase(url: string, options: { readonly create: boolean; readonly alone: boolean }): Kysely<Tables> {
  const [scheme, ...rest] = url.split(':');
  const file = rest.join(':');
  if (scheme === 'sqlite' && file !== '') return openSqlite(file, options);
  throw new UserError(`Keyturn cannot use a store of type "${scheme}".`, {
    state: 'Nothing was changed.',
    next: 'Write for example `store: sqlite:./keyturn.db` in the configuration.',
  });
}

async function check(context: StoreContext, create: boolean): Promise<void> {
  const tables = await context.db.introspection.getTables();
  if (tables.length === 0 && create) await install(context);
  else if (!tables.some(({ name }) => name === 'installation'))
    throw new UserError('The database is not one of Keyturn.', {
      state: 'Nothing was changed.',
      next: 'Check `store` in the configuration, or run `keyturn init` to start a new one.',
    });
  await checkInstallation(context);
  await checkRing(context);
  if (!(await endFits(context)))
    throw new UserError('The ledger does not end as recorded.', {
      state: 'Nothing was changed. Entries were changed or removed, or the key ring is another one.',
      next: 'Restore database and key ring from one backup, then run `keyturn reconcile`.',
    });
  if (!(await statesFit(context)))
    throw new UserError('The state of a version was not written by Keyturn.', {
      state: 'Nothing was changed. Something other than Keyturn wrote into the database.',
      next: 'Restore database and key ring from one backup, then run `keyturn reconcile`.',
    });
}

async function install({ db, ring }: StoreContext): Promise<void> {
  await createTables(db);
  const end = { ledger_seq: 0, ledger_mac: '', states: noStates };
  await db
    .insertInto('installation')
    .values({
      ...{ id: ring.installation, schema_version: schemaVersion },
      ...{ ...end, ledger_seal: sealOf(ring, end) },
      ...{ restored_at: null, fence_floor: 0 },
    })
    .execute();
}

async function checkInstallation({ db, ring }: StoreContext): Promise<void> {
  const { id, schema_version } = await db.selectFrom('installation').selectAll().executeTakeFirstOrThrow();
  if (schema_version !== schemaVersion)
    throw new UserError(`The database has schema ${schema_version}; this Keyturn reads schema ${schemaVersion}.`, {
      state: 'Nothing was changed.',
      next: 'Use the version of Keyturn that created it.',
    });
  if (id !== ring.installation)
    throw new UserError(`The key ring belongs to installation ${ring.installation}, the database to ${id}.`, {
      state: 'Nothing was changed.',
      next: 'Use the key ring and the database of one installation; check both paths in the configuration.',
    });
}

async function checkRing({ db, ring }: StoreContext): Promise<void> {
  const used = await db.selectFrom('versions').select('kid').distinct().where('kid', 'is not', null).execute();
  const missing = used.map(({ kid }) => kid ?? '').filter((kid) => !ring.sealing.has(kid));
  if (missing.length > 0)
    throw new UserError(`The key ring lacks a sealing key of stored values: ${missing.join(', ')}.`, {
      state: 'Nothing was changed.',
      next: 'Restore the newest key ring of this installation from its backup.',
    });
}
