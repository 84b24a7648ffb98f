import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TemporalEnvironment } from './environment.js';

/** The Temporal CLI that Keyturn downloads or builds; tools/temporal/go.mod names the same. */
export const cliVersion = '1.8.2';

/** Oldest server Keyturn runs: the one its timing and its emergency lane were measured on (task priorities are on by default). */
export const oldestServer = '1.31.0';

/** One way to get a Temporal CLI does not work here; the message says why. The next way is tried. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** What `temporal --version` says. */
export interface ExecutableVersions {
  readonly cli: string;
  readonly server: string;
}

/**
 * Asks an executable for its versions.
 * @throws Unavailable when it does not run, is no Temporal CLI, or embeds a server older than `oldestServer`
 */
export async function inspect(path: string, environment: TemporalEnvironment): Promise<ExecutableVersions> {
  const output = await versionOutput(path, environment);
  const [, cli, server] = /version (\S+) \(Server (\d[\w.-]*)/.exec(output) ?? [];
  if (cli === undefined || server === undefined) throw new Unavailable(`${path} is not a Temporal CLI`);
  if (!atLeast(server, oldestServer))
    throw new Unavailable(`${path} has Temporal server ${server}, and Keyturn needs ${oldestServer} or newer`);
  return { cli, server };
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
