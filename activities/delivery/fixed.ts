import { constants, type Stats } from 'node:fs';
import { access, lstat, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** Ids of user and group. */
export type Owner = readonly [user: number, group: number];

export interface RealPlace {
  readonly path: string;
  readonly folder: string;
}

/** The real path of a file: links to its folder are followed, the file's own name is not. */
export async function realPlace(path: string): Promise<RealPlace> {
  const named = dirname(resolve(path));
  const folder = await realpath(named).catch(() => named);
  return { folder, path: join(folder, basename(path)) };
}

/** Why a file cannot be replaced or created in one step with its owner, and what to do. Null when it can. */
export async function whyFixed(path: string, owner?: Owner): Promise<string | null> {
  const place = await realPlace(path);
  const found = await lstat(place.path).catch(() => null);
  return (
    (found && (await whyNoFile(place.path, found))) ??
    (await whyFolderShut(place.folder)) ??
    (await whyOpenToOthers(place.path, owner)) ??
    whyNotOwned(place.path, owner ?? (found && [found.uid, found.gid]))
  );
}

/** Why anybody besides root, Keyturn's user and `owner` could exchange a file or redirect its path. Null when nobody could. */
export async function whyOpenToOthers(path: string, owner?: Owner): Promise<string | null> {
  const place = await realPlace(path);
  const found = await whoMayWrite(place.folder, owner);
  if (found === null) return null;
  return (
    `${found.folder} can be written by ${found.who}, who could exchange ${place.path}: let only Keyturn's user or root ` +
    'write it, or, if the file is theirs, set owner: "<user>:<group>"'
  );
}

export function may(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

async function whyNoFile(path: string, found: Stats): Promise<string | null> {
  if (found.isSymbolicLink())
    return `${path} is a link to ${await readlink(path).catch(() => 'nowhere')} and is not followed: name the file itself`;
  if (found.isDirectory())
    return `${path} is a directory (Docker creates one when the file of a mount is missing): remove it and create the file`;
  if (!found.isFile()) return `${path} is not a regular file`;
  if (!(await may(path, constants.R_OK))) return `${path} cannot be read: give Keyturn's user permission`;
  if (await isMounted(path))
    return `${path} is mounted by itself, so it cannot be replaced in one step: mount its folder instead, here and where it is read`;
  return null;
}

async function whyFolderShut(folder: string): Promise<string | null> {
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory()) return `there is no folder ${folder}: create it, writable for Keyturn's user`;
  if (await may(folder, constants.W_OK | constants.X_OK)) return null;
  return `${folder} is not writable: give Keyturn's user permission`;
}

/** Only root can change a file's owner. */
function whyNotOwned(path: string, owner: Owner | null): string | null {
  const me = process.getuid?.();
  if (!owner || me === undefined || me === 0) return null;
  const [user, group] = owner;
  const groups = [process.getgid?.(), ...(process.getgroups?.() ?? [])];
  if (user === me && groups.includes(group)) return null;
  return (
    `${path} has to belong to ${user}:${group}, and Keyturn's user (${me}) cannot change owners: ` +
    'run Keyturn as that user, or let Keyturn own the file and the group read it'
  );
}

/** Linux lists mounts with spaces and similar characters as octal numbers. */
async function isMounted(path: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const plain = (name: string): string =>
    name.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return mounts.split('\n').some((line) => plain(line.split(' ')[4] ?? '') === path);
}

/** A folder on the path to a file, and an unexpected user or group who could change its content. */
interface OpenFolder {
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
