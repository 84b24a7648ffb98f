import { asyncLocalStorage } from '@temporalio/activity';
import type { Dispatcher } from 'undici';
import type { Outgoing } from '../crash-test/setback.js';
import { StoreBusy } from '../store/failures.js';
import type { Store } from '../store/store.js';
import type { Activities } from '../../workers/registered.js';
import type { SimProcess } from './engine.js';

/** Where something leaves a process or enters it. */
export interface Place {
  readonly at: 'entry' | 'store' | 'stored' | 'request' | 'answer';
  /** Name of the activity or the store's method, or the request's method and path. */
  readonly name: string;
  readonly request?: Outgoing;
  /** The activity that calls the store, or sends the request. */
  readonly activity?: string;
}

/** Random trouble. It is called at every place, and may kill or freeze the process there. */
export interface Around {
  pass(place: Place, process: SimProcess): void;
  /** Called when an activity has ended. */
  left?(activity: string, process: SimProcess): void;
  storeIsAway(): boolean;
}

/** Makes no trouble. The order of the places helps to tell two schedules apart. */
export const tracing: Around = {
  pass: (place, process) => process.sim.trace(`${process.name} ${place.at} ${nameless(place.name)}`),
  storeIsAway: () => false,
};

/** Ids differ with every seed. What is done to which kind of thing does not. */
export function nameless(name: string): string {
  return name.replaceAll(/[^/ ]*\d[^/ ]*/g, '*');
}

/** Reports requests and answers, outside of the recorder. */
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
    around.pass({ at: 'request', name, request, ...within() }, process);
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

/** Reports activities that begin and end. */
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

const callMs = { from: 0.05, to: 1.5 }; // one transaction; others can come in between

/** The store as a process sees it. Nothing leaves a dead or frozen process, and every call takes its time. */
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
