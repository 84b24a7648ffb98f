import type { Client } from '@temporalio/client';
import { mentionsOf } from '../../config/references.js';
import { scheduleId } from '../../domain/temporal-names.js';
import { whileQuiet } from '../session/quiet-temporal.js';
import { storedCredential } from '../session/reach.js';
import { UsageError } from '../session/refusals.js';
import { describe } from '../schedules/schedules.js';
import type { Session } from '../session/session.js';

/** What stays at the provider when a credential is forgotten. Ids and names, never values. */
export interface StaysLive {
  readonly version: number;
  readonly state: string;
  readonly providerId: string | null;
  /** Names of what interrupted attempts may have left there. */
  readonly labels: readonly string[];
  /** The engine holds it, or may. */
  readonly inEngine: boolean;
}

/** What stays live when a credential is forgotten. Changes nothing. Throws a UsageError when it cannot be forgotten as things are. */
export async function forgettingOf(session: Session, file: string, credential: string): Promise<StaysLive[]> {
  await storedCredential(session, credential);
  const uses = mentionsOf(file, credential).filter(({ isEntry }) => !isEntry);
  if (uses.length > 0)
    throw new UsageError(`The configuration uses ${credential} as a secret`, {
      state: 'Nothing was changed. The entries that use it could not sign in any more.',
      next: `Put another secret there first: ${uses.map(({ at }) => at).join(', ')}`,
    });
  const intents = await session.store.intents(credential);
  return (await session.store.mayBeAlive(credential)).map(({ number, state, providerId, engine }) => ({
    ...{ version: number, state, providerId, inEngine: engine === 'yes' || engine === 'maybe' },
    labels: intents
      .filter(({ version, outcome }) => version === number && outcome === 'open')
      .map(({ label }) => label),
  }));
}

interface Forgetting {
  readonly credential: string;
  /** What the person who agreed was shown. */
  readonly staysLive: readonly StaysLive[];
  readonly actor: string;
}

/** Forgets a credential, and deletes its schedule. Throws a UserError while a rotation or an emergency is open, or when more is live than was shown. */
export async function forget(
  session: Session,
  { credential, staysLive, actor }: Forgetting,
): Promise<{ readonly scheduleDeleted: boolean }> {
  const { store } = session;
  return whileQuiet(session, credential, async (client) => {
    await store.forget(
      credential,
      staysLive.map(({ version }) => version),
      actor,
    );
    return {
      scheduleDeleted: client ? await deleteSchedule(client, scheduleId(store.installation, credential)) : false,
    };
  });
}

/** After a crash before this, `keyturn schedules apply` deletes it. */
async function deleteSchedule(client: Client, id: string): Promise<boolean> {
  if (!(await describe(client, id))) return false;
  await client.schedule.getHandle(id).delete();
  return true;
}
