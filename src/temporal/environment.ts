import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

export type Variables = Readonly<Record<string, string>>;

/** What connecting to Temporal takes from the process environment; no other file of this folder reads `process.env`. */
export interface TemporalEnvironment {
  /** `KEYTURN_TEMPORAL_SERVER`: the `temporal-server` executable to use, whatever else there is. */
  readonly server: string | undefined;
  /** The directories of `PATH`, where Go is looked for. */
  readonly path: readonly string[];
  /** Keyturn's cache: `$XDG_CACHE_HOME/keyturn`, else `~/.cache/keyturn`. */
  readonly cacheDir: string;
  /** Everything that is set and not empty, for tools that read it themselves: Go, and Temporal's own connection settings. */
  readonly variables: Variables;
  /** All that the embedded server and its keeper get: secrets in our environment are not handed on. */
  readonly forServer: Variables;
}

const handedOn = ['PATH', 'HOME', 'TMPDIR', 'TZ'];

/** Empty variables count as unset, as compose files often pass them. */
export function readEnvironment(from: Readonly<Record<string, string | undefined>> = process.env): TemporalEnvironment {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) if (value) variables[name] = value;

  return {
    server: variables['KEYTURN_TEMPORAL_SERVER'],
    path: (variables['PATH'] ?? '').split(delimiter).filter((directory) => directory !== ''),
    cacheDir: join(variables['XDG_CACHE_HOME'] ?? join(variables['HOME'] ?? homedir(), '.cache'), 'keyturn'),
    variables,
    forServer: Object.fromEntries(Object.entries(variables).filter(([name]) => handedOn.includes(name))),
  };
}
