import { UserError } from '../domain/user-error.js';
import type { StoreContext } from './context.js';
import { append } from './ledger.js';
import { keepName, namesOf } from './names.js';
import { whyNotQuiet } from './quiet.js';
import { nextFence } from './rotations.js';
import { newestNumber, toVersion, type VersionRow } from './rows.js';
import { mayBeAlive } from './seizure.js';
import type { Version } from './records.js';
import type { Store } from './store.js';

export async function liveVersions(context: StoreContext, credential: string): Promise<Version[]> {
  return (await mayBeAlive(context, credential)).map(toVersion);
}

/** The ledger keeps its entries, and its numbers are never used again. */
export async function forget(
  context: StoreContext,
  ...[credential, agreed, actor]: Parameters<Store['forget']>
): Promise<void> {
  const refused = await whyNotQuiet(context, credential);
  if (refused) throw refused;
  const alive = await mayBeAlive(context, credential);
  const unconfirmed = alive.filter(({ number }) => !agreed.includes(number));
  if (unconfirmed.length > 0) throw stillLive(credential, unconfirmed);
  const version = await newestNumber(context, credential);
  const fence = (await nextFence(context, credential)) - 1;
  const names = await namesOf(context, credential);
  await removeRows(context, credential);
  for (const name of names) await keepName(context, { name, credential: null, version, fence });
  await append(context, {
    ...{ event: 'forgotten', credential, actor },
    detail: alive.length === 0 ? 'nothing of it was live' : `not revoked: ${alive.map(nameOf).join(', ')}`,
  });
}

async function removeRows({ db }: StoreContext, credential: string): Promise<void> {
  for (const table of [
    ...(['evidence', 'intents', 'tasks', 'rotations', 'versions', 'claims', 'cadences', 'reservations'] as const),
    ...(['verifications', 'profiles', 'reconciliations', 'emergencies', 'wishes', 'attempts'] as const),
  ])
    await db.deleteFrom(table).where('credential', '=', credential).execute();
  for (const { id, channel, body } of await db.selectFrom('notices').select(['id', 'channel', 'body']).execute())
    if ((JSON.parse(body) as { credential?: unknown }).credential === credential)
      await db.deleteFrom('notices').where('id', '=', id).where('channel', '=', channel).execute();
  await db.deleteFrom('credentials').where('name', '=', credential).execute();
}

function nameOf({ number, provider_id }: VersionRow): string {
  return `version ${number} (${provider_id ?? 'no id known'})`;
}

function stillLive(credential: string, versions: readonly VersionRow[]): UserError {
  return new UserError(`The provider may still accept ${versions.map(nameOf).join(', ')} of ${credential}.`, {
    state: 'Nothing was forgotten.',
    next: `Revoke first: keyturn emergency ${credential} --reason "…". Or confirm that it stays valid: keyturn forget ${credential} --yes`,
  });
}
