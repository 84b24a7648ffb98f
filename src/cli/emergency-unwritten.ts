import { setTimeout as sleep } from 'node:timers/promises';
import type { Listed } from '../../activities/shared/listing.js';
import type { Conducted } from '../operations/emergency.js';
import type { Impact } from '../operations/emergency-choice.js';
import { explain } from '../operations/explain.js';
import type { Session } from '../operations/session.js';
import { StoreBusy } from '../store/failures.js';
import type { Emergency } from '../store/records.js';
import { descriptorOf } from '../../workers/compose.js';
import { idsOf } from '../../workers/listings.js';

/** Why an emergency cannot be recorded. */
export interface Unwritten {
  readonly why: string;
}

/** An emergency that could not be recorded: the store can be read, and takes nothing. */
export interface Unrecorded extends Unwritten {
  readonly session: Session;
  readonly impacts: readonly Impact[];
  readonly reason: string;
}

const busyForMs = 5_000; // then somebody who is stuck holds the store, and waiting for them helps nobody

/** Records emergencies before anything is sent; says why where the store takes nothing, as on a full disk. */
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

/** Why nothing can be written into the store; null when it can. An entry in the ledger is what is tried. */
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

async function unlessBusy<T>(work: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + busyForMs; ; await sleep(100)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreBusy) || Date.now() > until) throw error;
    }
  }
}

/** What was to be done in this process and was not: not a single value was ended, or not all of them. */
export function leftAlive(results: readonly Conducted[]): Conducted[] {
  return results.filter(({ how, state }) => how === 'failed' && state.containedAfterMs === null);
}

/** Which of what a provider lists the store takes for live values of a credential: it can be read, if not written. */
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
