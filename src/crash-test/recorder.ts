import { Context } from '@temporalio/activity';
import type { Dispatcher } from 'undici';
import type { Store } from '../store/store.js';
import type { Activities } from '../../workers/registered.js';
import type { Outgoing, Point, RequestKind, Setback, Trace, WorkerMessage } from './setback.js';

export interface RecorderOptions {
  readonly setback: Setback | null;
  /** Resolves when the message has left the process. */
  readonly report: (message: WorkerMessage) => Promise<void>;
  /** Stops taking tasks. A frozen worker's polls would swallow them, which costs minutes and shows nothing. */
  readonly retire: () => Promise<void>;
  /** Resolves when the order to go on comes from outside. */
  readonly goOn: () => Promise<void>;
}

/** Follows what a worker's activities do, and makes the setback happen at its point. */
export interface Recorder {
  activities(activities: Activities): Activities;
  store(store: Store): Store;
  readonly requests: Dispatcher.DispatcherComposeInterceptor;
  /** A change that does not leave over HTTP: the work that makes it, and how it looks from outside. */
  change(request: Outgoing, work: () => Promise<void>): Promise<void>;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const hooks = { track: createTracks(), ...createSetback(options) };
  const { report } = options;
  return {
    activities: (activities) =>
      Object.fromEntries(
        Object.entries(activities).map(([name, activity]) => [name, traced(activity, { ...hooks, report })]),
      ),
    store: (store) => tracedStore(store, hooks),
    requests: tracedRequests(hooks),
    change: (request, work) => tracedChange(hooks, request, work),
  };
}

/** A trace that grows. */
interface Track extends Trace {
  readonly requests: Outgoing[];
  readonly writes: string[];
  fences: number;
}

interface Hooks {
  /** The track of the attempt in whose asynchronous context this is called; null outside of activities. */
  readonly track: () => Track | null;
  /** Called at every point. Does what the setback plans for it. */
  readonly pass: (point: Point, at: Track, request?: Outgoing) => Promise<void>;
  /** The same, synchronously, for what cannot wait. */
  readonly passNow: (point: Point, at: Track) => void;
}

function createTracks(): Hooks['track'] {
  const begun = new Map<string, Pick<Track, 'index' | 'occurrence' | 'id' | 'activity'>>();
  const tracks = new Map<string, Track>();
  return () => {
    const info = contextInfo();
    if (!info) return null;
    const id = `${info.activityId} of ${info.workflowExecution?.runId}`;
    const attempt = `${id}, attempt ${info.attempt}`;
    const { activityId, activityType: activity } = info;
    const occurrence = [...begun.values()].filter((each) => each.activity === activity).length;
    const what = begun.get(id) ?? { index: begun.size, occurrence, id: activityId, activity };
    begun.set(id, what);
    const track = tracks.get(attempt) ?? { ...what, requests: [], writes: [], fences: 0 };
    tracks.set(attempt, track);
    return track;
  };
}

function createSetback({ setback, report, goOn, retire }: RecorderOptions): Pick<Hooks, 'pass' | 'passNow'> {
  let pending = setback;
  function due(point: Point, { activity, occurrence }: Track): Setback | null {
    if (pending?.activity !== activity || pending.occurrence !== occurrence) return null;
    if (!samePoint(pending.point, point)) return null;
    const now = pending;
    pending = null;
    return now;
  }
  return {
    async pass(point, track, request) {
      const now = due(point, track);
      if (!now) return;
      if (now.act === 'kill') die();
      const told = now.act === 'pause' ? goOn() : null;
      if (now.act === 'stop') await retire();
      await report({ event: 'reached', request: request ?? null });
      if (now.act === 'stop') process.kill(process.pid, 'SIGSTOP');
      await told;
    },
    passNow(point, track) {
      if (due(point, track)) die();
    },
  };
}

function tracedRequests({ track, pass, passNow }: Hooks): Recorder['requests'] {
  return (dispatch) => (options, handler) => {
    const current = track();
    if (!current) return dispatch(options, handler);
    const request = outgoing(options);
    const of = kindOf(request);
    const nth = current.requests.filter((earlier) => kindOf(earlier) === of).length;
    current.requests.push(request);
    const arrived = (): void => passNow({ at: 'answer', of, nth }, current);
    void pass({ at: 'request', of, nth }, current, request).then(() => dispatch(options, watched(handler, arrived)));
    return true;
  };
}

async function tracedChange({ track, pass, passNow }: Hooks, request: Outgoing, work: () => Promise<void>) {
  const current = track();
  if (!current) return work();
  const of = 'change';
  const nth = current.requests.filter((earlier) => kindOf(earlier) === of).length;
  current.requests.push(request);
  await pass({ at: 'request', of, nth }, current, request);
  await work();
  passNow({ at: 'answer', of, nth }, current);
}

function traced(
  activity: Activities[string],
  { track, pass, report }: Hooks & Pick<RecorderOptions, 'report'>,
): Activities[string] {
  return async (...args) => {
    const current = track();
    if (!current) return activity(...args);
    try {
      await pass({ at: 'entry' }, current);
      const result = await activity(...args);
      await report({ event: 'ended', trace: current, outcome: 'succeeded' });
      return result;
    } catch (error) {
      await report({ event: 'ended', trace: current, outcome: 'failed' });
      throw error;
    }
  };
}

const writing: ReadonlySet<string> = new Set<keyof Store>([
  ...(['open', 'seize', 'handOver', 'close', 'move', 'promote', 'demote'] as const),
  ...(['note', 'intend', 'intendAsked', 'settle', 'keep', 'prove'] as const),
]);

/** The store with a stop before every write, and after the ledger has recorded a success. */
function tracedStore(store: Store, { track, pass }: Hooks): Store {
  const around = Object.entries(store).map(([name, method]: [string, unknown]) => {
    if (typeof method !== 'function' || !(writing.has(name) || name === 'fence')) return [name, method] as const;
    return [
      name,
      async (...args: unknown[]): Promise<unknown> => {
        const current = track();
        if (current && name === 'fence') await pass({ at: 'fence', nth: current.fences++ }, current);
        else if (current) await pass({ at: 'write', nth: current.writes.push(name) - 1 }, current);
        return (method as (...args: unknown[]) => Promise<unknown>)(...args);
      },
    ] as const;
  });
  const record: Store['record'] = async (entry) => {
    const current = entry.event === 'succeeded' ? track() : null;
    if (!current) return store.record(entry);
    await pass({ at: 'write', nth: current.writes.push('record') - 1 }, current);
    const row = await store.record(entry);
    await pass({ at: 'end' }, current);
    return row;
  };
  return { ...store, ...(Object.fromEntries(around) as Partial<Store>), record };
}

function contextInfo() {
  try {
    return Context.current().info;
  } catch {
    return null; // outside an activity
  }
}

function samePoint(a: Point, b: Point): boolean {
  return (
    JSON.stringify([a.at, 'of' in a && a.of, 'nth' in a && a.nth]) ===
    JSON.stringify([b.at, 'of' in b && b.of, 'nth' in b && b.nth])
  );
}

/**
 * Whether a request only reads. These ask by POST: for a token, for the keys of an account, and requests that declare it.
 * Nextcloud creates an app password by GET.
 */
export function kindOf({ method, path, asks }: Outgoing): RequestKind {
  if (path.endsWith('/getapppassword')) return 'change';
  const looks = method === 'GET' || method === 'HEAD' || asks === true || /\/(?:token|listKeys)$/.test(path);
  return looks ? 'read' : 'change';
}

function outgoing({ origin, path, method, idempotent }: Dispatcher.DispatchOptions): Outgoing {
  const asks = idempotent === true ? { asks: true } : {};
  return { method, origin: String(origin ?? ''), path: path.split('?')[0] ?? '', ...asks };
}

/** Calls `arrived` when the answer begins to arrive, before anybody else sees it. */
function watched(handler: Dispatcher.DispatchHandler, arrived: () => void): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (...args) => handler.onRequestStart?.(...args),
    onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    onResponseStart: (...args) => {
      arrived();
      return handler.onResponseStart?.(...args);
    },
    onResponseData: (...args) => handler.onResponseData?.(...args),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
    onResponseError: (...args) => handler.onResponseError?.(...args),
  };
}

/** Nothing of this process runs after this call: the signal arrives before it returns. */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
