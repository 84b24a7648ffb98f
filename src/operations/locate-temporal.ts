import { join } from 'node:path';
import { UserError } from '../domain/user-error.js';
import type { TemporalEnvironment } from '../temporal/environment.js';
import { cliVersion, inspect, isExecutable, onPath, Unavailable } from '../temporal/executable.js';

/**
 * Where the Temporal CLI is that `keyturn up` would use, without downloading or building one.
 * @throws UserError when there is none yet, or it cannot be used
 */
export async function locateTemporal(environment: TemporalEnvironment): Promise<string> {
  const kept = join(environment.cacheDir, `temporal-${cliVersion}`, 'temporal');
  const places =
    environment.cli === undefined
      ? [onPath('temporal', environment), isExecutable(kept) ? kept : undefined]
      : [environment.cli];
  const refusals: string[] = [];
  for (const path of places.filter((place) => place !== undefined)) {
    try {
      return `${path}, server ${(await inspect(path, environment)).server}`;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      refusals.push(error.message);
    }
  }
  throw new UserError(refusals.join('; ') || 'none is installed', {
    state: 'Nothing was changed.',
    next:
      environment.cli === undefined
        ? 'keyturn up downloads or builds one, once.'
        : 'Correct KEYTURN_TEMPORAL_CLI, or unset it.',
  });
}
