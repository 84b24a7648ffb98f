import { asyncLocalStorage } from '@temporalio/activity';
import type { Dispatcher } from 'undici';
import type { Outgoing } from '../crash-test/setback.js';
import { StoreBusy } from '../store/failures.js';
import type { Store } from '../store/store.js';
import type { Activities } from '../../workers/registered.js';
import type { SimProcess } from './engine.js';

/** Where something leaves a process or comes into it. */
export interface Place {
  readonly at: 'entry' | 'store' | 'stored' | 'request' | 'answer';
  /** Of the activity, the store's method or the request's path. */
  readonly name: string;
  readonly request?: Outgoing;
  /** Whose call of the store it is. */
  readonly activity?: string;
}

/** Random trouble: told every place, and may kill or freeze the process there. */
export interface Around {
  pass(place: Place, process: SimProcess): void;
  /** An activity has ended. */
  left?(activity: string, process: SimProcess): void;
  storeIsAway(): boolean;
}

/** Makes no trouble; what is passed in which order is part of what tells two schedules apart. */
export const tracing: Around = {
  pass: (place, process) => process.sim.trace(`${process.name} ${place.at} ${nameless(place.name)}`),
  storeIsAway: () => false,
};

/** Ids differ with every seed; what is done to what kind of thing does not. */
export function nameless(name: string): string {
  return name.replaceAll(/[^/ ]*\d[^/ ]*/g, '*');
}

/** Tells of requests and answers, outside of the recorder. */
export function knocking(
  process: SimProcess,
  door: Dispatcher['dispatch'],
  around: Around | undefined,
): Dispatcher['dispatch'] {
  if (!around) return door;
  return (options, handler) => {
    const { method, origin, path } = options;
    const request = { method, origin: String(origin), path: path.split('?')[0] ?? '' };
    const name = `${method} ${request.path}`;
    around.pass({ at: 'request', name, request }, process);
    return door(options, {
      onRequestStart: (...args) => handler.onRequestStart?.(...args),
      onResponseStart(...args) {
        around.pass({ at: 'answer', name }, process);
        handler.onResponseStart?.(...args);
      },
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
    });
  };
}

/** Tells of activities that begin. */
export function entering(activities: Activities, process: SimProcess, around: Around | undefined): Activities {
  if (!around) return activities;
  return Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      async (...args: never[]) => {
        around.pass({ at: 'entry', name }, process);
        await process.gate();
        try {
          return await activity(...args);
        } finally {
          around.left?.(name, process);
        }
      },
    ]),
  );
}

function within(): Pick<Place, 'activity'> {
  const context = asyncLocalStorage.getStore();
  return context ? { activity: context.info.activityType } : {};
}

const callMs = { from: 0.05, to: 1.5 }; // a transaction; also what lets others come in between

/** The store as a process sees it: nothing leaves a process that is dead or frozen, and every call takes its time. */
export function gatedStore(store: Store, process: SimProcess, around: Around | undefined): Store {
  const { sim } = process;
  const gated = Object.entries(store).map(([name, method]: [string, unknown]) => {
    if (typeof method !== 'function') return [name, method] as const;
    const call = async (...args: unknown[]): Promise<unknown> => {
      around?.pass({ at: 'store', name, ...within() }, process);
      await process.gate();
      if (around?.storeIsAway()) throw new StoreBusy();
      await new Promise<void>((resolve) =>
        sim.after(sim.random.between(callMs.from, callMs.to), () => process.enter(resolve)),
      );
      try {
        return await (method as (...args: unknown[]) => Promise<unknown>)(...args);
      } finally {
        around?.pass({ at: 'stored', name }, process);
        await process.gate();
      }
    };
    return [name, call] as const;
  });
  return Object.fromEntries(gated) as unknown as Store;
}
