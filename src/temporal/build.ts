import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TemporalEnvironment, Variables } from './environment.js';
import { atLeast, onPath, Unavailable } from './executable.js';

/** The oldest Go version that tools/temporal/go.mod accepts. */
export const oldestGo = '1.26.4';

const progressMs = 15_000;
const serverPackage = 'go.temporal.io/server/cmd/server';

export interface BuildOptions {
  readonly into: string;
  readonly report: (line: string) => void;
  readonly environment: TemporalEnvironment;
}

/**
 * Builds the Temporal server from the module in tools/temporal: once, in about 5 minutes on 2 cores.
 * @throws Unavailable when there is no Go, it is too old, or the build fails
 */
export async function buildTemporal({ into, report, environment }: BuildOptions): Promise<void> {
  const go = onPath('go', environment);
  if (go === undefined) throw new Unavailable(`there is no Go ${oldestGo} or newer on PATH`);
  // The pure-Go SQLite driver needs no C compiler; GOTOOLCHAIN=local keeps Go from fetching another Go.
  const env = { ...environment.variables, CGO_ENABLED: '0', GOTOOLCHAIN: 'local' };
  const version = await goVersion(go, env);
  if (!atLeast(version, oldestGo)) throw new Unavailable(`Go ${version} is older than ${oldestGo}`);

  report(`Temporal server: building it from source with Go ${version}, about 5 minutes, once`);
  const startedAt = Date.now();
  const progress = setInterval(() => report(`Temporal server: still building (${minutes(startedAt)})`), progressMs);
  try {
    await build(go, { into, env });
  } finally {
    clearInterval(progress);
  }
}

/** Time since a Unix time in milliseconds, for people: `4 min 2 s`. */
export function minutes(since: number): string {
  const seconds = Math.round((Date.now() - since) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

async function goVersion(go: string, env: Variables): Promise<string> {
  const { stdout } = await promisify(execFile)(go, ['env', 'GOVERSION'], { env, timeout: 10_000 }).catch(() => {
    throw new Unavailable(`${go} does not run`);
  });
  return stdout.trim().replace(/^go/, '');
}

async function build(go: string, { into, env }: { into: string; env: Variables }): Promise<void> {
  const cwd = toolsModule();
  // As in Temporal's releases: the tag leaves out code that only Google's storage needs.
  const args = ['build', '-trimpath', '-ldflags', '-s -w', '-tags', 'disable_grpc_modules', '-o', into, serverPackage];
  const code = await new Promise<number | null>((resolve, reject) => {
    spawn(go, args, { cwd, env, stdio: 'ignore' }).once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Unavailable(`the build failed; to see why: cd ${cwd} && go build ${args.at(-1)}`);
}

/** tools/temporal of this package, found from the sources or from the compiled code. */
function toolsModule(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'tools', 'temporal', 'go.mod'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Unavailable('tools/temporal is not part of this installation');
    directory = parent;
  }
  return join(directory, 'tools', 'temporal');
}
