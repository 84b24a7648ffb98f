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
  /** Its version decides whether a database file can be used. */
  readonly serverVersion: string;
  readonly source: BinarySource;
}

export interface FindOptions {
  /** Takes progress and, last, one line that says what is used. */
  readonly report: (line: string) => void;
  readonly environment?: TemporalEnvironment;
  /** Another place to download from, for mirrors. */
  readonly download?: Partial<Download>;
}

/** One way to get an executable: its path and a few words on where it came from. */
interface Way {
  readonly source: BinarySource;
  readonly obtain: () => Promise<{ path: string; how: string }>;
}

/**
 * Finds or makes a Temporal server: the one KEYTURN_TEMPORAL_SERVER names, or else Keyturn's cache, a download whose content is pinned, a build from source.
 * @throws UserError that names every way to get one
 */
export async function findTemporalBinary({
  environment = readEnvironment(),
  ...options
}: FindOptions): Promise<TemporalBinary> {
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
  const made = async (verb: string, make: (into: string) => Promise<void>): Promise<{ path: string; how: string }> => {
    const startedAt = Date.now();
    const outcome = await install({ kept, report, make });
    return { path: kept, how: outcome === 'found' ? kept : `${verb} in ${minutes(startedAt)}, kept in ${kept}` };
  };
  return [
    { source: 'cache', obtain: async () => fromCache(kept) },
    { source: 'download', obtain: () => made('downloaded', (into) => downloadTemporal(into, download)) },
    {
      source: 'build',
      obtain: () => made('built from source', (into) => buildTemporal({ into, report, environment })),
    },
  ];
}

function fromCache(kept: string): { path: string; how: string } {
  if (!isExecutable(kept)) throw new Unavailable(`nothing is kept in ${kept}`);
  return { path: kept, how: kept };
}

function badChoice(refusals: string[]): UserError {
  return new UserError('The Temporal server that was chosen cannot be used', {
    state: `Nothing was started. ${refusals.join('; ')}.`,
    next: 'Correct KEYTURN_TEMPORAL_SERVER, or unset it and Keyturn looks for one itself.',
  });
}

function noBinary(refusals: string[]): UserError {
  return new UserError('No Temporal server is here, and Keyturn could not get one', {
    state: ['Nothing was started. Tried:', ...refusals.map((refusal) => `  ${refusal}`)].join('\n'),
    next: [
      'Do one of these:',
      `  install Go ${oldestGo} or newer (https://go.dev/dl): Keyturn then builds the server, once, in about 5 minutes`,
      `  set KEYTURN_TEMPORAL_SERVER to the path of a temporal-server executable, ${oldestServer} or newer (https://github.com/temporalio/temporal/releases)`,
      '  run a Temporal server yourself, and name it: TEMPORAL_ADDRESS, or a profile in temporal.toml (TEMPORAL_PROFILE)',
    ].join('\n'),
  });
}
