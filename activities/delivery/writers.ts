import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Owner } from './fixed.js';

/** A folder on the way to a file, and who besides those that may could change what lies in it. */
export interface OpenFolder {
  readonly folder: string;
  /** For people. */
  readonly who: string;
}

/**
 * The first folder, from the given one up to the root, that somebody besides root, us and `owner` may write; null when there is none. In a
 * folder above with the sticky bit, such as /tmp, everybody may make something and nobody may take away what is another's.
 */
export async function whoMayWrite(folder: string, owner?: Owner): Promise<OpenFolder | null> {
  for (let each = folder, isAbove = false; ; isAbove = true, each = dirname(each)) {
    const found = await stat(each).catch(() => null);
    const who = found && whoOf(found, { owner, isAbove });
    if (who !== null) return { folder: each, who };
    if (each === dirname(each)) return null;
  }
}

interface Asked {
  readonly owner: Owner | undefined;
  readonly isAbove: boolean;
}

function whoOf({ uid, gid, mode }: Stats, { owner, isAbove }: Asked): string | null {
  const [user, group] = owner ?? [];
  if (![0, process.getuid?.(), user].includes(uid)) return `user ${uid}`;
  if (isAbove && (mode & sticky) !== 0) return null;
  if ((mode & 0o002) !== 0) return 'everybody';
  const groups = [process.getgid?.(), group]; // as a rule one for each user, whose only member that is
  return (mode & 0o020) !== 0 && !groups.includes(gid) ? `group ${gid}` : null;
}

const sticky = 0o1000;
