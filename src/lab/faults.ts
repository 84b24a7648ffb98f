import { type PathMatch, pathMatcher } from './routes.js';

/** The answer of a fault. Without a `body` it echoes the request, including secrets, as careless systems do. */
export interface FaultAnswer {
  readonly status: number;
  readonly retryAfterSeconds?: number;
  readonly body?: string;
}

/**
 * - `hang`: never answers
 * - `reset-before`: cuts the connection and changes nothing
 * - `reset-after`: applies the change, then cuts the connection instead of answering
 * - `slowMs`: waits (real milliseconds) before it applies the change
 */
export type FaultKind = FaultAnswer | 'hang' | 'reset-before' | 'reset-after' | { readonly slowMs: number };

export interface Fault {
  /** `*` for every method. */
  readonly method: string;
  /** A template such as `/v1/organization/projects/{project}/service_accounts`, or `*` for every path. */
  readonly path: string;
  /** Number of requests it hits; 1 when left out, `Infinity` until `clear`. */
  readonly times?: number;
  /** Number of matching requests that pass before it starts. */
  readonly skip?: number;
  readonly kind: FaultKind;
}

/** Planned faults, by request. */
export interface Faults {
  add(fault: Fault): void;
  clear(): void;
}

/** The server's side of `Faults`: takes the fault that hits a request, if there is one. */
export interface FaultPlan extends Faults {
  take(method: string, path: string): FaultKind | null;
}

interface Planned {
  readonly method: string;
  readonly matches: PathMatch;
  readonly kind: FaultKind;
  skip: number;
  left: number;
}

export function createFaults(): FaultPlan {
  let planned: Planned[] = [];
  return {
    add({ method, path, times = 1, skip = 0, kind }) {
      const matches = path === '*' ? () => ({}) : pathMatcher(path);
      planned.push({ method, matches, kind, skip, left: times });
    },
    clear() {
      planned = [];
    },
    take(method, path) {
      for (const fault of planned) {
        if (fault.left === 0 || !['*', method].includes(fault.method) || !fault.matches(path)) continue;
        if (fault.skip > 0) fault.skip -= 1;
        else {
          fault.left -= 1;
          return fault.kind;
        }
      }
      return null;
    },
  };
}
