/** Where in an activity something happens to the worker. `nth` counts from 0 within one attempt. */
export type Point =
  | { readonly at: 'entry' } // before the activity does anything
  | { readonly at: 'request'; readonly of: RequestKind; readonly nth: number } // just before a request goes out
  | { readonly at: 'answer'; readonly of: RequestKind; readonly nth: number } // the other side has acted, and its answer arrives
  | { readonly at: 'write'; readonly nth: number } // just before something is written to the store
  | { readonly at: 'fence'; readonly nth: number } // just before the fence is checked
  | { readonly at: 'end' }; // its success is in the ledger, and Temporal does not know yet

/** Reads and changes are counted separately: how often something is read until it is there depends on the moment. */
export type RequestKind = 'read' | 'change';

/** The one thing that goes wrong in a worker: it dies, it freezes, or it waits while somebody outside acts. */
export interface Setback {
  readonly activity: string;
  /** How many activities of this name have begun before. Activities that run side by side begin in any order. */
  readonly occurrence: number;
  readonly point: Point;
  readonly act: 'kill' | 'stop' | 'pause';
}

/** What a worker is built from. */
export interface Assignment {
  /** Path of the configuration. */
  readonly file: string;
  /** The data folder of the Temporal server. */
  readonly temporalData: string;
  readonly setback: Setback | null;
  /**
   * A module that exports `without`: how to build the worker with one safety rule taken out, for tests of the rules.
   */
  readonly without?: { readonly module: string; readonly rule: string };
}

/** A request as the worker is about to make it; `path` is without the query. */
export interface Outgoing {
  readonly method: string;
  readonly origin: string;
  readonly path: string;
  /** It declares that it changes nothing. */
  readonly asks?: boolean;
}

/**
 * Clients that replace files know no address. What they change on a server and on this machine has these origins
 * instead.
 */
export const sftpOrigin = 'sftp:';
export const diskOrigin = 'file:';

/** What one attempt of an activity did. */
export interface Trace {
  /** Position among all activities, in the order in which they began. */
  readonly index: number;
  readonly occurrence: number;
  readonly id: string;
  readonly activity: string;
  readonly requests: readonly Outgoing[];
  /** Names of the store's methods. */
  readonly writes: readonly string[];
  readonly fences: number;
}

/** Orders to a worker process. */
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
