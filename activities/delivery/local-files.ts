import { lstatSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { isLate } from '../shared/lease.js';
import { passing } from '../shared/failures.js';

/** The check that this attempt is still the writer. Left out where any process may write. */
export interface Fencing {
  /** Throws FenceLost unless this attempt holds the fencing token. Called as late as possible. */
  readonly requireWriter?: (() => Promise<void>) | undefined;
}

interface Replacement extends Fencing {
  /** The file that takes its place. */
  readonly by: string;
  /** The content that was read, one character per byte. Null when there was no file. */
  readonly expected: string | null;
}

/** Another writer was first. Its content has to be read before the file is replaced. */
export class CameBetween extends Error {}

/**
 * Changes files that others read. Between the checks of fence, lease and content and the change itself no other code of this process
 * runs. It is a class so that the crash matrix can stop a process just before a change.
 */
export class LocalFiles {
  /** Replaces a file by another one. */
  async replace(path: string, { by, expected, requireWriter }: Replacement): Promise<void> {
    await requireWriter?.();
    requireInTime(path);
    if (heldBy(path) !== expected) throw new CameBetween();
    try {
      renameSync(by, path);
    } catch (error) {
      // Another writer has removed our temporary file, so the content that we read is outdated.
      throw isMissing(error) ? new CameBetween() : error;
    }
  }

  /** Removes a file. Idempotent. */
  async remove(path: string, { requireWriter }: Fencing = {}): Promise<void> {
    await requireWriter?.();
    requireInTime(path);
    rmSync(path, { force: true });
  }
}

function requireInTime(path: string): void {
  if (isLate()) throw passing(`${path} was not changed: another attempt may be writing it by now`);
}

function heldBy(path: string): string | null {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path, 'latin1') : null;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
