/** Where, on the worker's way through an activity, something happens to it. `nth` counts from 0 within one attempt. */
export type Point =
  | { readonly at: 'entry' } // before the activity does anything
  | { readonly at: 'request'; readonly of: RequestKind; readonly nth: number } // just before a request goes out
  | { readonly at: 'answer'; readonly of: RequestKind; readonly nth: number } // the other side has done it, and its answer arrives
  | { readonly at: 'write'; readonly nth: number } // just before something is written to the store
  | { readonly at: 'fence'; readonly nth: number } // just before the fence is presented
  | { readonly at: 'end' }; // its success is in the ledger, and Temporal does not know yet

/** Reads and changes are counted apart: how often something is read until it is there depends on the moment. */
export type RequestKind = 'read' | 'change';

/** The one thing that goes wrong in a worker: it dies, it is stopped, or it waits while somebody outside acts. */
export interface Setback {
  readonly activity: string;
  /** How many activities of this name have begun before: side by side, different ones begin in any order. */
  readonly occurrence: number;
  readonly point: Point;
  readonly act: 'kill' | 'stop' | 'pause';
}

/** What a worker is built for. */
export interface Assignment {
  /** The configuration file. */
  readonly file: string;
  /** The data folder of the Temporal server. */
  readonly temporalData: string;
  readonly setback: Setback | null;
  /** A module that exports `without`: how the worker is built with one safety rule taken out, for tests of the rules. */
  readonly without?: { readonly module: string; readonly rule: string };
}

/** A request as the worker is about to make it; `url` without the query. */
export interface Outgoing {
  readonly method: string;
  readonly origin: string;
  readonly path: string;
  /** It says of itself that it changes nothing. */
  readonly asks?: boolean;
}

/** Files are replaced by clients that know no address: what they change, on a server and on this machine, goes by these instead. */
export const sftpOrigin = 'sftp:';
export const diskOrigin = 'file:';

/** What one attempt of an activity did. */
export interface Trace {
  /** Of all activities, in the order in which they began. */
  readonly index: number;
  readonly occurrence: number;
  readonly id: string;
  readonly activity: string;
  readonly requests: readonly Outgoing[];
  /** Names of the store's methods. */
  readonly writes: readonly string[];
  readonly fences: number;
}

/** What a worker process is told. */
export type Order =
  | { readonly order: 'work'; readonly assignment: Assignment }
  | { readonly order: 'go on' } // it waits at its setback
  | { readonly order: 'rest' }; // the case is over, and there may be another one

/** What a worker reports. */
export type WorkerMessage =
  | { readonly event: 'loaded' } // it has nothing to do: it was just started, or rests
  | { readonly event: 'ready' }
  | { readonly event: 'failed'; readonly why: string }
  | { readonly event: 'ended'; readonly trace: Trace; readonly outcome: 'succeeded' | 'failed' }
  | { readonly event: 'reached'; readonly request: Outgoing | null };
