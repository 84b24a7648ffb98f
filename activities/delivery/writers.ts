import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Owner } from './fixed.js';

/** A folder on the path to a file, and an unexpected user or group who could change its content. */
export interface OpenFolder {
  readonly folder: string;
  /** For people. */
  readonly who: string;
}

/**
 * The first folder, from the given one up to the root, that anybody besides root, Keyturn's user and `owner` may write. Null when
 * there is none. A folder above with the sticky bit, such as /tmp, is safe: nobody can remove or rename another user's entry.
 */
export async function whoMayWrite(folder: string, owner?: Owner): Promise<OpenFolder | null> {
  for (let each = folder, isAbove = false; ; isAbove = true, each = dirname(each)) {
    const found = await stat(each).catch(() => null);
    const who = found && writersOf(found, { owner, isAbove });
    if (who !== null) return { folder: each, who };
    if (each === dirname(each)) return null;
  }
}

interface Asked {
  readonly owner?: Owner | undefined;
  /** It is a folder above the file's own. */
  readonly isAbove?: boolean;
}

/** Who besides root, Keyturn's user and `owner` may write a file or a folder. Null when nobody may. */
export function writersOf(found: Stats, { owner, isAbove = false }: Asked = {}): string | null {
  const { uid, mode } = found;
  if (![0, process.getuid?.(), owner?.[0]].includes(uid)) return `user ${uid}`;
  if (isAbove && (mode & sticky) !== 0) return null;
  return (mode & 0o002) !== 0 ? 'everybody' : groupThatMayWrite(found, owner);
}

/** Keyturn's own group is allowed: each user normally has a group of their own. */
function groupThatMayWrite({ gid, mode }: Stats, owner: Owner | undefined): string | null {
  if ((mode & 0o020) === 0 || [process.getgid?.(), owner?.[1]].includes(gid)) return null;
  return `group ${gid}`;
}

const sticky = 0o1000;
