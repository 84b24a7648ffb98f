import type { Memory } from './settings.js';

/** The services of the engine's compose file that hold settings. */
export type Service = 'api' | 'worker';

/**
 * Where the environment of the engine's processes comes from. A container gets its environment when it is created and keeps it when
 * it is restarted. Each process also reads the file `.env` in its working directory, whenever it starts.
 */
export interface Containers {
  /** The environment of a running container. */
  readonly environment: Readonly<Record<Service, Map<string, string>>>;
  /** The file `.env` in the working directory, which all processes share. */
  readonly dotEnv: Map<string, string>;
  /** What a process that starts now finds: its container's environment, else the file in its working directory. */
  found(service: Service): Memory;
}

export function createContainers(initial: ReadonlyMap<string, string>): Containers {
  const environment = { api: new Map(initial), worker: new Map(initial) };
  const dotEnv = new Map<string, string>();
  return { environment, dotEnv, found: (service) => new Map([...dotEnv, ...environment[service]]) };
}
