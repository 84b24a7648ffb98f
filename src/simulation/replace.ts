import { createRequire } from 'node:module';
import { Simulation } from './engine.js';

const require = createRequire(import.meta.url);

/** A built-in module as CommonJS sees it: only that view can be changed. */
export const builtin = <T>(name: string): T => require(name) as T;

/** The simulation that is running. Null outside of one: everything behaves as usual. */
export const sim = (): Simulation | null => Simulation.current;

export type Any = (...args: never[]) => unknown;

export function replace<T extends object, K extends keyof T>(target: T, name: K, by: (original: T[K]) => T[K]): void {
  Object.defineProperty(target, name, {
    value: by(target[name]),
    writable: true,
    configurable: true,
    enumerable: true,
  });
}

/** Waits for real work on another thread: the clock stands still until it is done. */
export function held<T>(work: Promise<T>): Promise<T> {
  return sim()?.outside(work) ?? work;
}
