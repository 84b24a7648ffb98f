import { UserError } from '../../domain/user-error.js';
import type { TemporalEnvironment } from '../../temporal/environment.js';
import { inspect, isExecutable, keptServer, Unavailable } from '../../temporal/executable.js';

/**
 * The Temporal server that `keyturn up` would start, without downloading or building one.
 * @throws UserError when there is none yet, or it cannot be used
 */
export async function locateTemporal(environment: TemporalEnvironment): Promise<string> {
  const path = environment.server ?? keptServer(environment);
  if (environment.server === undefined && !isExecutable(path))
    throw unusable('there is none yet', 'keyturn up downloads or builds one, once.');
  try {
    return `${path}, version ${await inspect(path, environment)}`;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    throw unusable(
      error.message,
      environment.server === undefined ? `Remove ${path}.` : 'Correct KEYTURN_TEMPORAL_SERVER, or unset it.',
    );
  }
}

function unusable(what: string, next: string): UserError {
  return new UserError(what, { state: 'Nothing was changed.', next });
}
