import { lstatSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { isLate } from '../shared/lease.js';
import { passing } from '../shared/failures.js';

/** How it is shown that nobody else is the writer by now. Left out where it does not matter who writes. */
export interface Fencing {
  /** Presents the fencing token; throws FenceLost. Called as late as can be. */
  readonly present?: (() => Promise<void>) | undefined;
}

interface Replacement extends Fencing {
  /** The file that takes its place. */
  readonly by: string;
  /** What it was seen to hold, a character for each byte; null when there was none. */
  readonly expected: string | null;
}

/** Another writer was there first: what it wrote has to be read before anything is put in its place. */
export class CameBetween extends Error {}

/**
 * What changes files that others read. Fence, lease and what the file holds are looked at in one breath with the change: between them no
 * other code of this process runs. A class, so that the crash matrix can stop a process just before.
 */
export class LocalFiles {
  /** Puts a file in the place of another one. */
  async replace(path: string, { by, expected, present }: Replacement): Promise<void> {
    await present?.();
    requireInTime(path);
    if (heldBy(path) !== expected) throw new CameBetween();
    try {
      renameSync(by, path);
    } catch (error) {
      // Another writer has removed it, and so nothing can be put in place any more that was read before.
      throw isMissing(error) ? new CameBetween() : error;
    }
  }

  /** Removes a file; one that is gone already is fine. */
  async remove(path: string, { present }: Fencing = {}): Promise<void> {
    await present?.();
    requireInTime(path);
    rmSync(path, { force: true });
  }
}

function requireInTime(path: string): void {
  if (isLate()) throw passing(`${path} was left as it is: somebody else may be writing it by now`);
}

function heldBy(path: string): string | null {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, 'latin1') : null;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
