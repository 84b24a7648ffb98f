import type { Client } from '@temporalio/client';
import { accountOf } from '../../config/policy.js';
import { mentionsOf } from '../../config/references.js';
import { scheduleId } from '../../domain/temporal-names.js';
import type { CredentialRow, Renaming } from '../../store/records.js';
import { whileQuiet } from '../session/quiet-temporal.js';
import { knownCredential, storedCredential } from '../session/reach.js';
import { UsageError } from '../session/refusals.js';
import { applyChange, describe, planSchedule } from '../schedules/schedules.js';
import type { Session } from '../session/session.js';

interface Renamed {
  readonly credential: string;
  readonly formerName: string;
  readonly versions: number;
  /** What happened to its Temporal Schedule; null when it has none. */
  readonly schedule: 'moved' | 'moved, paused' | null;
}

/**
 * Gives a credential of the store its new name in the configuration; everything else follows.
 * @throws UsageError when the configuration does not have the new name; UserError while a rotation or an emergency is open
 */
export async function rename(session: Session, file: string, renaming: Renaming): Promise<Renamed> {
  const { store } = session;
  const { credential, to, actor } = renaming;
  if (credential === to)
    throw new UsageError(`${to} is its name already`, {
      state: 'Nothing was changed.',
      next: 'Write its new name into the configuration, then give the old and the new name here.',
    });
  const row = await storedCredential(session, credential);
  requireConfigured(session, { file, row, to });
  return whileQuiet(session, credential, async (client) => {
    const versions = (await store.versions(credential)).length;
    await store.rename(renaming);
    const schedule = client ? await moveSchedule(session, client, { credential, to, actor }) : null;
    return { credential: to, formerName: credential, versions, schedule };
  });
}

/** The configuration belongs to the person, so Keyturn says what to change there and does not write it. */
function requireConfigured(
  { config }: Session,
  { file, row, to }: { readonly file: string; readonly row: CredentialRow; readonly to: string },
): void {
  const from = row.name;
  const old = mentionsOf(file, from);
  if (old.length > 0) {
    const places = old.map(({ at, isEntry }) => `${at} (${isEntry ? 'its entry' : 'uses it as a secret'})`);
    throw new UsageError(`The configuration still names ${from}`, {
      state: 'Nothing was changed. The configuration file is yours: Keyturn does not write into it.',
      next: `Write ${to} in its place: ${places.join(', ')}. Then run the same command again.`,
    });
  }
  const descriptor = knownCredential(config, to);
  const { id } = descriptor;
  const account = accountOf(config, to, descriptor);
  if (id === row.procedure && account === row.account) return;
  throw new UsageError(`${to} in the configuration is not the same as ${from} in the store`, {
    state: `Nothing was changed. ${from} is ${row.procedure} at ${row.account}; ${to} is ${id} at ${account}.`,
    next: 'Change the name alone; a move to another account needs a new adoption.',
  });
}

/** After a crash in between, `keyturn schedules apply` completes it. */
async function moveSchedule(
  session: Session,
  client: Client,
  { credential, to, actor }: Renaming,
): Promise<Renamed['schedule']> {
  const { installation } = session.store;
  const old = await describe(client, scheduleId(installation, credential));
  if (!old) return null;
  await applyChange(session, client, { ...(await planSchedule(session, client, to)), actor });
  const { paused, note } = old.state;
  if (paused) await client.schedule.getHandle(scheduleId(installation, to)).pause(note);
  await client.schedule.getHandle(scheduleId(installation, credential)).delete();
  return paused ? 'moved, paused' : 'moved';
}
