import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

export type Variables = Readonly<Record<string, string>>;

/** The environment variables for connecting to Temporal. No other file of this folder reads `process.env`. */
export interface TemporalEnvironment {
  /** `KEYTURN_TEMPORAL_SERVER`: the `temporal-server` executable to use instead of any other. */
  readonly server: string | undefined;
  /** The directories of `PATH`, which are searched for Go. */
  readonly path: readonly string[];
  /** Keyturn's cache: `$XDG_CACHE_HOME/keyturn`, else `~/.cache/keyturn`. */
  readonly cacheDir: string;
  /** All non-empty variables, for tools that read them themselves: Go, and Temporal's own connection settings. */
  readonly variables: Variables;
  /** The only variables that the embedded server and its keeper get. Secrets in our environment are not passed on. */
  readonly forServer: Variables;
}

const passedOn = ['PATH', 'HOME', 'TMPDIR', 'TZ'];

/** Empty variables count as unset, because compose files often set them so. */
export function readEnvironment(from: Readonly<Record<string, string | undefined>> = process.env): TemporalEnvironment {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(from)) if (value) variables[name] = value;

  return {
    server: variables['KEYTURN_TEMPORAL_SERVER'],
    path: (variables['PATH'] ?? '').split(delimiter).filter((directory) => directory !== ''),
    cacheDir: join(variables['XDG_CACHE_HOME'] ?? join(variables['HOME'] ?? homedir(), '.cache'), 'keyturn'),
    variables,
    forServer: Object.fromEntries(Object.entries(variables).filter(([name]) => passedOn.includes(name))),
  };
}
