import { UserError } from '../domain/user-error.js';
import { letThrough } from './cadences.js';
import type { StoreContext } from './context.js';
import { openRotation } from './rotations.js';

/** Why a credential cannot be renamed or forgotten now. Null when it can. */
export async function whyNotQuiet(context: StoreContext, credential: string): Promise<UserError | null> {
  const { db } = context;
  const known = await db.selectFrom('credentials').select('name').where('name', '=', credential).executeTakeFirst();
  if (!known) return busy(`The store has no credential ${credential}.`, 'List the credentials: keyturn status');
  const status = `Show its progress: keyturn status ${credential}`;
  const rotation = await openRotation(context, credential);
  if (rotation)
    return busy(`A rotation of ${credential} is open (${rotation.workflow_id}).`, `Wait until it has ended. ${status}`);
  const emergency = await db
    .selectFrom('emergencies')
    .select('id')
    .where('credential', '=', credential)
    .where('contained_at', 'is', null)
    .executeTakeFirst();
  if (emergency)
    return busy(`An emergency of ${credential} is open.`, `Complete it: keyturn emergency ${credential} --reason "…"`);
  const reserved = (await letThrough(context)).includes(credential);
  return reserved
    ? busy(`A scheduled rotation of ${credential} is about to begin.`, `Wait until it has ended. ${status}`)
    : null;
}

function busy(what: string, next: string): UserError {
  return new UserError(what, { state: 'Nothing was changed.', next });
}
