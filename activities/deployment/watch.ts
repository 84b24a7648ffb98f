import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Workers } from '../docuelevate/client.js';
import { type Engine, valuesOf, whyOverridden } from '../docuelevate/engine.js';
import { poll } from '../docuelevate/follow.js';
import { shows } from '../docuelevate/receipts.js';
import { passing } from '../shared/failures.js';
import { OutsideError } from '../shared/outside-error.js';
import { missesOfOutage, pauseMs } from './outage.js';

/** A look at the engine's processes around a restart. */
export interface Watching {
  readonly engine: Engine;
  readonly ref: VersionRef;
  /** The restart began then or later, in Unix ms. */
  readonly since: number;
  /** In Unix ms. */
  readonly until: number;
  /** The API was seen to answer nothing. */
  readonly down: boolean;
  /** The environment file holds the version's value. Otherwise the earlier one was put back. */
  readonly forward: boolean;
}

/** What was seen. */
export interface Seen {
  /** The API answered nothing for a moment, so its process was replaced. */
  readonly down: boolean;
  /** A worker has started. */
  readonly worker: boolean;
  /** What the API shows: the new value, another one, that of a row in the database, or one that looks like the new and like the earlier one. */
  readonly shown: 'new' | 'other' | 'alike' | 'overridden';
}

/** Waits until API and workers are up and were seen to be new, or until the time is over. Throws while they are not up. */
export async function watch(watching: Watching): Promise<Seen> {
  const { engine, ref, since, until, forward } = watching;
  let [misses, down, online] = [0, watching.down, 0];
  const started = async (): Promise<true | undefined> => {
    const workers = await workersOf(engine);
    misses = workers ? 0 : misses + 1;
    down ||= misses >= missesOfOutage;
    online = workers?.online ?? 0;
    return online > 0 && workers?.startedAt.some((at) => at >= since) ? true : undefined;
  };
  const worker = (await poll(started, until, pauseMs)) ?? false;
  if (misses > 0) throw passing("DocuElevate's API does not answer yet");
  if (online === 0) throw passing('no worker of DocuElevate is online yet');
  const look = () => (forward ? shownOf(engine, ref) : Promise.resolve('alike' as const));
  const shown = await poll(async () => settled(await look()), until, pauseMs);
  return { down, worker, shown: shown ?? (await look()) };
}

/** An older process may still answer. */
function settled(shown: Seen['shown']): Seen['shown'] | undefined {
  return shown === 'other' ? undefined : shown;
}

/** Null while the API does not answer. */
async function workersOf({ client }: Engine): Promise<Workers | null> {
  try {
    return await client.workers();
  } catch (error) {
    if (error instanceof OutsideError && (error.status === undefined || error.status >= 500)) return null;
    throw error;
  }
}

/** What the API shows of a version's settings: of a secret only the beginning and the length. */
export async function shownOf(engine: Engine, ref: VersionRef): Promise<Seen['shown']> {
  const values = await valuesOf(engine, ref);
  const former = await formerParts(engine, ref);
  let differs = false;
  for (const [key, value] of Object.entries(values)) {
    const shown = await engine.client.shownValue(key);
    if (!shows(shown, value)) return (await whyOverridden(engine)) === null ? 'other' : 'overridden';
    const earlier = former[engine.settings[key] ?? ''];
    differs ||= earlier !== undefined && !shows(shown, earlier);
  }
  return differs ? 'new' : 'alike';
}

async function formerParts(
  { store }: Engine,
  { credential, number }: VersionRef,
): Promise<Readonly<Record<string, string>>> {
  const others = (await store.versions(credential)).filter((each) => each.number < number && each.parts.length > 0);
  const former =
    others.find(({ state }) => state === 'current') ?? others.findLast(({ state }) => state === 'retiring');
  return former ? store.unseal(former) : {};
}

const noWorker =
  'no worker of DocuElevate has started since the restart began, so it keeps the earlier value: restart the workers as well';
const overridden = "DocuElevate's database has such a setting, which overrides the environment: delete it there";
const otherValue =
  "DocuElevate's API shows another value than the environment file holds: recreate its container (a mere restart keeps the old environment), and let it get the variable";

/**
 * Whether the processes are new. `wholly`: the engine was watched from before the restart on, so a worker's start would have been seen.
 */
export function judge(seen: Seen, { wholly }: { readonly wholly: boolean }): Pick<Finding, 'outcome' | 'detail'> {
  const { shown, worker } = seen;
  if (shown === 'overridden') return { outcome: 'failed', detail: overridden };
  if (shown === 'other') return { outcome: 'failed', detail: otherValue };
  if (!worker && wholly) return { outcome: 'failed', detail: noWorker };
  const unseen = [
    ...(isApiNew(seen) ? [] : ['whether its API was restarted']),
    ...(worker ? [] : ['whether its workers were restarted']),
  ];
  if (unseen.length > 0)
    return { outcome: 'not-observable', detail: `DocuElevate does not show ${unseen.join(' and ')}` };
  const api = shown === 'new' ? 'its API shows the new value' : 'its API answered nothing for a moment';
  return { outcome: 'proved', detail: `${api}, and a worker has started since the restart began` };
}

export function isApiNew({ shown, down }: Seen): boolean {
  return shown === 'new' || down;
}
