import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { minutes } from './build.js';
import { Unavailable } from './executable.js';
import { tryLock, type Lock } from './lock.js';

export interface InstallOptions {
  /** Where the executable is kept. */
  readonly kept: string;
  readonly report: (line: string) => void;
  /** Creates the executable at the given path. */
  readonly make: (into: string) => Promise<void>;
  /** Interval of progress lines while another process installs, in milliseconds; 15 seconds when left out. */
  readonly tellMs?: number;
}

/**
 * Creates the executable in a temporary folder and moves it to its place when it is complete. One process at a time. A process that had to
 * wait uses the result of the other, and returns `found`.
 * @throws Unavailable from `make`, or when the folder cannot be created
 */
export async function install({ kept, report, make, tellMs = 15_000 }: InstallOptions): Promise<'installed' | 'found'> {
  const home = dirname(kept);
  createDirectory(home);
  const { lock, waited } = await waitForLock(join(home, 'install.lock'), { report, tellMs });
  const unfinished = join(home, 'unfinished');
  try {
    if (waited && existsSync(kept)) return 'found';
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished);
    const fresh = join(unfinished, basename(kept));
    await make(fresh);
    renameSync(fresh, kept);
    return 'installed';
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    lock.release();
  }
}

function createDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch {
    throw new Unavailable(`${path} cannot be created`);
  }
}

async function waitForLock(
  file: string,
  { report, tellMs }: Required<Pick<InstallOptions, 'report' | 'tellMs'>>,
): Promise<{ lock: Lock; waited: boolean }> {
  const begun = Date.now();
  let told = 0;
  for (let waited = false; ; waited = true) {
    const lock = tryLock(file);
    if (lock !== null) return { lock, waited };
    if (!waited) report('Temporal server: another Keyturn is installing it, which may take about 4 minutes; waiting');
    if (Date.now() - begun > (told + 1) * tellMs) {
      told++;
      report(`Temporal server: still waiting for the other Keyturn (${minutes(begun)})`);
    }
    await sleep(200);
  }
}
