import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Workers } from '../docuelevate/client.js';
import { type Engine, valuesOf, whyOverridden } from '../docuelevate/engine.js';
import { poll } from '../docuelevate/follow.js';
import { shows } from '../docuelevate/receipts.js';
import { passing } from '../shared/failures.js';
import { OutsideError } from '../shared/outside-error.js';
import { formerAmong } from '../shared/former.js';
import { missesOfOutage, type Outage, pauseMs } from './outage.js';

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
  /** Nobody has begun yet, so the API is waited for as well: until this shows an outage, or the API shows another value. */
  readonly outage?: Outage;
}

/** What was seen. */
export interface Seen {
  /** The API answered nothing for a moment, so its process was replaced. */
  readonly down: boolean;
  /** A worker has started. */
  readonly worker: boolean;
  /**
   * What the API shows: what the environment file has, something else, that of a row in the database, or what looks like the new and like the
   * earlier value.
   */
  readonly shown: 'wanted' | 'other' | 'alike' | 'overridden';
}

/** Waits until API and workers are up and were seen to be new, or until the time is over. Throws while they are not up. */
export async function watch(watching: Watching): Promise<Seen> {
  const { engine, ref, since, until, forward, outage } = watching;
  const state = { misses: 0, down: watching.down, online: 0, worker: false };
  const look = () => (forward ? shownOf(engine, ref) : shownBack(engine, ref));
  async function areNew(): Promise<true | undefined> {
    take(state, await workersOf(engine), since);
    if (!state.worker || state.misses > 0) return undefined;
    return !outage || outage.down || (await look()) === 'wanted' ? true : undefined;
  }
  await poll(areNew, until, pauseMs);
  if (state.misses > 0) throw passing("DocuElevate's API does not answer yet");
  if (state.online === 0) throw passing('no worker of DocuElevate is online yet');
  const shown = await poll(async () => settled(await look()), until, pauseMs);
  return { ...state, shown: shown ?? (await look()) };
}

interface Watched {
  misses: number;
  down: boolean;
  online: number;
  worker: boolean;
}

function take(state: Watched, workers: Workers | null, since: number): void {
  state.misses = workers ? 0 : state.misses + 1;
  state.down ||= state.misses >= missesOfOutage;
  state.online = workers?.online ?? 0;
  state.worker ||= state.online > 0 && workers?.startedAt.some((at) => at >= since) === true;
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
  return differs ? 'wanted' : 'alike';
}

/** The same, where the environment file got back what stood there before the version. */
export async function shownBack(engine: Engine, ref: VersionRef): Promise<Seen['shown']> {
  const shown = await shownOf(engine, ref);
  if (shown === 'alike') return shown;
  return shown === 'wanted' ? 'other' : 'wanted';
}

async function formerParts({ store }: Engine, ref: VersionRef): Promise<Readonly<Record<string, string>>> {
  const versions = await store.versions(ref.credential);
  const ended = versions.findLast(({ number, parts }) => number < ref.number && parts.length > 0); // by an emergency
  const former = formerAmong(versions, ref) ?? ended;
  return former ? store.unseal(former) : {};
}

const noWorker =
  'no worker of DocuElevate has started since the restart began, so it keeps the earlier value: restart the workers as well';
const wrongly = {
  overridden: "DocuElevate's database has such a setting, which overrides the environment: delete it there",
  other:
    "DocuElevate's API shows another value than the environment file holds: recreate its container (a mere restart keeps the old environment), and let it get the variable",
} as const;

interface Terms {
  /** The engine was watched from before the restart on, so a worker's start would have been seen. */
  readonly wholly: boolean;
  /** Nothing but what is seen shows that there was a restart at all. */
  readonly strict?: boolean;
}

/** Whether the processes are new. */
export function judge(seen: Seen, { wholly, strict = false }: Terms): Pick<Finding, 'outcome' | 'detail'> {
  const wrong = whyWrong(seen, wholly);
  if (wrong !== null) return { outcome: 'failed', detail: wrong };
  const unseen = [
    ...(isApiNew(seen) ? [] : ['whether its API was restarted']),
    ...(seen.worker ? [] : ['whether its workers were restarted']),
  ];
  const detail = `DocuElevate does not show ${unseen.join(' and ')}`;
  if (unseen.length > 0) return { outcome: strict ? 'failed' : 'not-observable', detail };
  const api = seen.shown === 'wanted' ? 'its API shows what the environment file has' : outage;
  return { outcome: 'proved', detail: `${api}, and a worker has started since the restart began` };
}

const outage = 'its API answered nothing for a moment';

function whyWrong({ shown, worker }: Seen, wholly: boolean): string | null {
  if (shown === 'other' || shown === 'overridden') return wrongly[shown];
  return !worker && wholly ? noWorker : null;
}

function isApiNew({ shown, down }: Seen): boolean {
  return shown === 'wanted' || down;
}
