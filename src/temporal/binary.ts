import { join } from 'node:path';
import { UserError } from '../domain/user-error.js';
import { buildTemporal, minutes, oldestGo } from './build.js';
import { downloadTemporal } from './download.js';
import { readEnvironment, type TemporalEnvironment } from './environment.js';
import { cliVersion, inspect, isExecutable, oldestServer, onPath, Unavailable } from './executable.js';
import { install } from './install.js';

export type BinarySource = 'KEYTURN_TEMPORAL_CLI' | 'PATH' | 'cache' | 'download' | 'build';

/** A `temporal` executable that runs. */
export interface TemporalBinary {
  readonly path: string;
  /** Version of the CLI. */
  readonly version: string;
  /** Version of the server inside, which decides whether a database file can be used. */
  readonly serverVersion: string;
  readonly source: BinarySource;
}

export interface FindOptions {
  /** Takes progress and, last, one line that says what is used. */
  readonly report: (line: string) => void;
  readonly environment?: TemporalEnvironment;
  /** Origin of the download, for mirrors. */
  readonly downloadFrom?: string;
}

/** One way to get an executable: its path and a few words on where it came from. */
interface Way {
  readonly source: BinarySource;
  readonly obtain: () => Promise<{ path: string; how: string }>;
}

/**
 * Finds or makes a Temporal CLI: the one KEYTURN_TEMPORAL_CLI names, or else PATH, Keyturn's cache, Temporal's download, a build from source.
 * @throws UserError that names every way to install one
 */
export async function findTemporalBinary({
  environment = readEnvironment(),
  ...options
}: FindOptions): Promise<TemporalBinary> {
  const { cli } = environment;
  const ways = cli === undefined ? usualWays(environment, options) : [chosen(cli)];
  const refusals: string[] = [];
  for (const { source, obtain } of ways) {
    try {
      const { path, how } = await obtain();
      const versions = await inspect(path, environment);
      options.report(`Temporal server ${versions.server}: ${how}`);
      return { path, version: versions.cli, serverVersion: versions.server, source };
    } catch (err) {
      if (!(err instanceof Unavailable)) throw err;
      refusals.push(`${source}: ${err.message}`);
    }
  }
  throw cli === undefined ? noBinary(refusals) : badChoice(refusals);
}

function chosen(path: string): Way {
  return { source: 'KEYTURN_TEMPORAL_CLI', obtain: async () => ({ path, how: `${path} (KEYTURN_TEMPORAL_CLI)` }) };
}

function usualWays(
  environment: TemporalEnvironment,
  { report, downloadFrom }: Omit<FindOptions, 'environment'>,
): Way[] {
  const kept = join(environment.cacheDir, `temporal-${cliVersion}`, 'temporal');
  const made = async (verb: string, make: (into: string) => Promise<void>): Promise<{ path: string; how: string }> => {
    const startedAt = Date.now();
    const outcome = await install({ kept, report, make });
    return { path: kept, how: outcome === 'found' ? kept : `${verb} in ${minutes(startedAt)}, kept in ${kept}` };
  };
  return [
    { source: 'PATH', obtain: async () => fromPath(environment) },
    { source: 'cache', obtain: async () => fromCache(kept) },
    { source: 'download', obtain: () => made('downloaded', (into) => downloadTemporal(into, downloadFrom)) },
    {
      source: 'build',
      obtain: () => made('built from source', (into) => buildTemporal({ into, report, environment })),
    },
  ];
}

function fromPath(environment: TemporalEnvironment): { path: string; how: string } {
  const path = onPath('temporal', environment);
  if (path === undefined) throw new Unavailable('there is no temporal command');
  return { path, how: `${path} (found on PATH)` };
}

function fromCache(kept: string): { path: string; how: string } {
  if (!isExecutable(kept)) throw new Unavailable(`nothing is kept in ${kept}`);
  return { path: kept, how: kept };
}

function badChoice(refusals: string[]): UserError {
  return new UserError('The Temporal CLI that was chosen cannot be used', {
    state: `Nothing was started. ${refusals.join('; ')}.`,
    next: 'Correct KEYTURN_TEMPORAL_CLI, or unset it and Keyturn looks for one itself.',
  });
}

function noBinary(refusals: string[]): UserError {
  return new UserError('No Temporal server is installed, and Keyturn could not install one', {
    state: ['Nothing was started. Tried:', ...refusals.map((refusal) => `  ${refusal}`)].join('\n'),
    next: [
      'Do one of these:',
      `  install the Temporal CLI with server ${oldestServer} or newer (https://docs.temporal.io/cli/setup-cli; on macOS: brew install temporal)`,
      '  set KEYTURN_TEMPORAL_CLI to the path of a temporal executable',
      `  install Go ${oldestGo} or newer (https://go.dev/dl): Keyturn then builds it, once, in about 4 minutes`,
      '  set TEMPORAL_ADDRESS to a Temporal server that runs elsewhere',
    ].join('\n'),
  });
}
