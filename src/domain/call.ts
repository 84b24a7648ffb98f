import type { Duration } from './duration.js';
import type { VersionRef } from './version.js';

/** Timeouts and retries of one outside system's calls. workflows/systems.ts gives the reason for every number. */
export interface CallOptions {
  readonly startToClose: Duration;
  readonly attempts: number;
  readonly maximumInterval?: Duration;
  readonly initialInterval?: Duration;
}

/** An activity call as data, so that it can be planned, listed, undone later and carried into a new run. */
export interface Call<R = unknown> {
  readonly activity: string;
  readonly args: readonly unknown[];
  readonly options: CallOptions;
  /** Carries the result's type only; never present at run time. */
  readonly result?: R;
}

export type Calls<A> = {
  [K in keyof A]: A[K] extends (...args: infer P) => Promise<infer R> ? (...args: P) => Call<R> : never;
};

/** The methods of the result create calls named `<system>.<verbNoun>`. Nothing runs until the runner executes one. */
export function activitiesOf<A>(system: string, options: CallOptions): Calls<A> {
  return new Proxy(
    {},
    {
      get:
        (_, verb: string) =>
        (...args: unknown[]): Call => ({ activity: `${system}.${verb}`, args, options }),
    },
  ) as Calls<A>;
}

/** The version a call is about: its first argument, or that argument's `version`. */
export function versionOf(call: Call): VersionRef | undefined {
  const first = call.args[0];
  if (typeof first !== 'object' || first === null) return undefined;
  const subject = 'version' in first ? first.version : first;
  return typeof subject === 'object' && subject !== null && 'credential' in subject && 'number' in subject
    ? (subject as VersionRef)
    : undefined;
}
