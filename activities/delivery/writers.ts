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
    const who = found && writersOf(found, { owner, isAbove });
    if (who !== null) return { folder: each, who };
    if (each === dirname(each)) return null;
  }
}

interface Asked {
  readonly owner?: Owner | undefined;
  /** It is a folder above the one that is meant. */
  readonly isAbove?: boolean;
}

/** Who besides root, us and `owner` may write a file or a folder; null when nobody may. */
export function writersOf(found: Stats, { owner, isAbove = false }: Asked = {}): string | null {
  const { uid, mode } = found;
  if (![0, process.getuid?.(), owner?.[0]].includes(uid)) return `user ${uid}`;
  if (isAbove && (mode & sticky) !== 0) return null;
  return (mode & 0o002) !== 0 ? 'everybody' : groupThatMayWrite(found, owner);
}

/** As a rule each user has a group whose only member they are. */
function groupThatMayWrite({ gid, mode }: Stats, owner: Owner | undefined): string | null {
  if ((mode & 0o020) === 0 || [process.getgid?.(), owner?.[1]].includes(gid)) return null;
  return `group ${gid}`;
}

const sticky = 0o1000;
