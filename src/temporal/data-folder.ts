import { mkdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from '../domain/user-error.js';

/**
 * Creates the folder of the embedded server, accessible only to its owner, or checks the existing one.
 * @throws UserError when others may write to it: they could put their own database, configuration or certificates there
 */
export function prepareDataFolder(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(dataDir);
  const path = resolve(dataDir);
  if (uid !== process.getuid?.())
    throw refusal(
      `${path} belongs to another user (uid ${uid}).`,
      'Start Keyturn as that user, or choose another folder: data in the configuration.',
    );
  if ((mode & 0o022) !== 0) throw refusal(`Others may write to ${path}.`, `Run: chmod go-w ${path}. Then try again.`);
}

function refusal(state: string, next: string): UserError {
  return new UserError('The data folder of the embedded Temporal server is not safe', {
    state: `Nothing was started. ${state}`,
    next,
  });
}
