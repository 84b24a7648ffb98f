import { UserError } from '../domain/user-error.js';
import { buildTemporal, minutes, oldestGo } from './build.js';
import { downloadTemporal, type Download } from './download.js';
import { readEnvironment, type TemporalEnvironment } from './environment.js';
import { inspect, isExecutable, keptServer, oldestServer, Unavailable } from './executable.js';
import { install } from './install.js';

export type BinarySource = 'KEYTURN_TEMPORAL_SERVER' | 'cache' | 'download' | 'build';

/** A `temporal-server` executable that runs. */
export interface TemporalBinary {
  readonly path: string;
  /** Decides whether a database file can be used. */
  readonly serverVersion: string;
  readonly source: BinarySource;
}

export interface FindOptions {
  /** Receives progress lines and, last, one line that says which server is used. */
  readonly report: (line: string) => void;
  readonly environment?: TemporalEnvironment;
  /** Another download location, for mirrors. */
  readonly download?: Partial<Download>;
}

/** One way to get an executable: `obtain` returns its path and a few words on where it came from. */
interface Way {
  readonly source: BinarySource;
  readonly obtain: () => Promise<{ path: string; how: string }>;
}

/**
 * Finds or installs a Temporal server. KEYTURN_TEMPORAL_SERVER wins. Otherwise it tries Keyturn's cache, a download with a pinned
 * checksum, and a build from source.
 * @throws UserError that lists every way to get one
 */
export async function findTemporalBinary(wanted: FindOptions): Promise<TemporalBinary> {
  const { environment = readEnvironment(), ...options } = wanted;
  const { server } = environment;
  const ways = server === undefined ? usualWays(environment, options) : [chosen(server)];
  const refusals: string[] = [];
  for (const { source, obtain } of ways) {
    try {
      const { path, how } = await obtain();
      const serverVersion = await inspect(path, environment);
      options.report(`Temporal server ${serverVersion}: ${how}`);
      return { path, serverVersion, source };
    } catch (err) {
      if (!(err instanceof Unavailable)) throw err;
      refusals.push(`${source}: ${err.message}`);
    }
  }
  throw server === undefined ? noBinary(refusals) : badChoice(refusals);
}

function chosen(path: string): Way {
  return {
    source: 'KEYTURN_TEMPORAL_SERVER',
    obtain: async () => ({ path, how: `${path} (KEYTURN_TEMPORAL_SERVER)` }),
  };
}

function usualWays(environment: TemporalEnvironment, { report, download }: Omit<FindOptions, 'environment'>): Way[] {
  const kept = keptServer(environment);
  const installed = async (
    verb: string,
    make: (into: string) => Promise<void>,
  ): Promise<{ path: string; how: string }> => {
    const startedAt = Date.now();
    const outcome = await install({ kept, report, make });
    return { path: kept, how: outcome === 'found' ? kept : `${verb} in ${minutes(startedAt)}, kept in ${kept}` };
  };
  return [
    { source: 'cache', obtain: async () => fromCache(kept) },
    { source: 'download', obtain: () => installed('downloaded', (into) => downloadTemporal(into, download)) },
    {
      source: 'build',
      obtain: () => installed('built from source', (into) => buildTemporal({ into, report, environment })),
    },
  ];
}

function fromCache(kept: string): { path: string; how: string } {
  if (!isExecutable(kept)) throw new Unavailable(`there is no executable ${kept}`);
  return { path: kept, how: kept };
}

function badChoice(refusals: string[]): UserError {
  return new UserError('The Temporal server of KEYTURN_TEMPORAL_SERVER cannot be used', {
    state: `Nothing was started. ${refusals.join('; ')}.`,
    next: 'Correct KEYTURN_TEMPORAL_SERVER, or unset it to let Keyturn find a server itself.',
  });
}

function noBinary(refusals: string[]): UserError {
  return new UserError('There is no Temporal server here, and Keyturn could not get one', {
    state: ['Nothing was started. Tried:', ...refusals.map((refusal) => `  ${refusal}`)].join('\n'),
    next: [
      'Do one of these:',
      `  install Go ${oldestGo} or newer (https://go.dev/dl): Keyturn then builds the server once, in about 5 minutes`,
      `  set KEYTURN_TEMPORAL_SERVER to the path of a temporal-server executable, ${oldestServer} or newer (https://github.com/temporalio/temporal/releases)`,
      '  run a Temporal server yourself and set TEMPORAL_ADDRESS, or a profile in temporal.toml (TEMPORAL_PROFILE)',
    ].join('\n'),
  });
}
