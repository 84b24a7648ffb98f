import { setTimeout as sleep } from 'node:timers/promises';
import type { Listed } from '../../../activities/shared/listing.js';
import type { Conducted } from '../../operations/emergency/emergency.js';
import type { Impact } from '../../operations/emergency/emergency-choice.js';
import { explain } from '../../operations/session/explain.js';
import type { Session } from '../../operations/session/session.js';
import { StoreBusy } from '../../store/failures.js';
import type { Emergency } from '../../store/records.js';
import { descriptorOf } from '../../../workers/descriptor.js';
import { idsOf } from '../../../workers/listings.js';

/** Why an emergency cannot be recorded. */
export interface Unwritten {
  readonly why: string;
}

/** An emergency that could not be recorded: the store can be read, but not written. */
export interface Unrecorded extends Unwritten {
  readonly session: Session;
  readonly impacts: readonly Impact[];
  readonly reason: string;
}

const busyForMs = 5_000; // after that, a process that hangs holds the store, and waiting does not help

/** Records emergencies before anything is sent. Returns the reason when the store cannot be written, as on a full disk. */
export async function recorded(
  { store }: Pick<Session, 'store'>,
  asked: readonly Parameters<Session['store']['ask']>[0][],
): Promise<Emergency[] | Unwritten> {
  try {
    const emergencies: Emergency[] = [];
    for (const each of asked) emergencies.push(await unlessBusy(() => store.ask(each)));
    return emergencies;
  } catch (error) {
    return { why: explain(error).what };
  }
}

/** Why the store cannot be written, tried with a ledger entry; null when it can. */
export async function whyUnwritable(
  { store }: Pick<Session, 'store'>,
  entry: { readonly actor: string; readonly detail: string },
): Promise<string | null> {
  try {
    await unlessBusy(() => store.record({ event: 'emergency by id', ...entry }));
    return null;
  } catch (error) {
    return explain(error).what;
  }
}

async function unlessBusy<T>(write: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + busyForMs; ; await sleep(100)) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof StoreBusy) || Date.now() > until) throw error;
    }
  }
}

/** Emergencies that failed in this process before all of their values were contained. */
export function leftAlive(results: readonly Conducted[]): Conducted[] {
  return results.filter(({ how, state }) => how === 'failed' && state.containedAfterMs === null);
}

/** Tells which entries of a provider's list are live values of a credential, according to the store. */
export async function knownTo(
  { config, store }: Pick<Session, 'config' | 'store'>,
  { credential, versions }: Impact,
): Promise<(listed: Listed) => boolean> {
  const numbers = versions.map(({ number }) => number);
  const intents = await store.intents(credential);
  const labels = intents.filter(({ version }) => numbers.includes(version)).map(({ label }) => label);
  const known = (await store.versions(credential)).filter(({ number }) => numbers.includes(number));
  const ids = known.flatMap((version) => idsOf(config, version));
  const isOnlyOurs = descriptorOf(config, credential).overlap === 'two-slots';
  return ({ id, name }) =>
    isOnlyOurs || labels.includes(name) || ids.some((known) => id === known || id.startsWith(`${known}/`));
}
