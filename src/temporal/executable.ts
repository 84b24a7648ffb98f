import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TemporalEnvironment } from './environment.js';

/** The version of the Temporal server that Keyturn downloads or builds. It is the same in tools/temporal/go.mod. */
export const serverVersion = '1.31.2';

/** Where Keyturn keeps the server that it downloaded or built. */
export function keptServer({ cacheDir }: TemporalEnvironment): string {
  return join(cacheDir, `temporal-server-${serverVersion}`, 'temporal-server');
}

/** The oldest server that Keyturn runs. Its timing and emergency priority were measured on it (task priorities are on by default). */
export const oldestServer = '1.31.0';

/** One way to get a Temporal server does not work here; the message says why. The caller tries the next way. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/**
 * Asks an executable for its version, which decides whether a database file can be used.
 * @throws Unavailable when it does not run, is not a Temporal server, or is older than `oldestServer`
 */
export async function inspect(path: string, environment: TemporalEnvironment): Promise<string> {
  const output = (await versionOutput(path, environment)).trim();
  if (/^temporal version \S+ \(Server/.test(output))
    throw new Unavailable(`${path} is the Temporal CLI, whose server has no authentication`);
  const version = /^temporal version (\d[\w.-]*)$/.exec(output)?.[1];
  if (version === undefined) throw new Unavailable(`${path} is not a Temporal server`);
  if (!atLeast(version, oldestServer))
    throw new Unavailable(`${path} is Temporal server ${version}, and Keyturn needs ${oldestServer} or newer`);
  return version;
}

/** The first executable of this name on PATH. */
export function onPath(name: string, environment: TemporalEnvironment): string | undefined {
  return environment.path.map((directory) => join(directory, name)).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Whether a dotted version is this one or newer. */
export function atLeast(version: string, oldest: string): boolean {
  return version.localeCompare(oldest, 'en', { numeric: true }) >= 0;
}

async function versionOutput(path: string, environment: TemporalEnvironment): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 10_000, env: environment.forServer });
    return stdout;
  } catch {
    throw new Unavailable(`${path} does not run`);
  }
}
