import { posix } from 'node:path';

export interface LabFile {
  readonly content: Buffer;
  readonly mode: number;
  readonly uid: number;
}

/** A user with an account on the server. */
export interface User {
  readonly name: string;
  readonly uid: number;
}

/** Where the server keeps authorized keys. */
export type Placement = 'home' | 'central' | 'chroot';

/** The server's disk with its users' permissions. A folder exists where a file is below it. */
export interface Files {
  /** Files by their true paths. */
  readonly all: ReadonlyMap<string, LabFile>;
  /** The true path of a path that a user names. */
  resolve(user: User, path: string): string;
  /** A true path, as the user sees it. */
  visiblePath(user: User, path: string): string;
  /** Names in a folder, by its true path. */
  list(path: string): string[];
  mayRead(user: User, path: string): boolean;
  mayWrite(user: User, path: string): boolean;
  put(path: string, file: LabFile): void;
  remove(path: string): void;
}

export interface FilesOptions {
  readonly placement: Placement;
  /** The start folder of a session, relative to the default start folder. */
  readonly startsIn: string;
  /** Called after a change of any file. */
  readonly changed: () => void;
}

export function createFiles({ placement, startsIn, changed }: FilesOptions): Files {
  const all = new Map<string, LabFile>();
  const isJailed = ({ uid }: User): boolean => placement === 'chroot' && uid !== 0;
  const homeOf = ({ name }: User): string => `/home/${name}`;
  const jailOf = (user: User): string => (isJailed(user) ? `/srv/jail/${user.name}` : '');
  const startOf = (user: User): string => posix.resolve(isJailed(user) ? '/' : homeOf(user), startsIn);
  return {
    all,
    resolve: (user, path) => jailOf(user) + posix.resolve(startOf(user), path),
    visiblePath: (user, path) => path.slice(jailOf(user).length),
    list(path) {
      const below = [...all.keys()].filter((each) => each.startsWith(`${path}/`));
      return [...new Set(below.map((each) => each.slice(path.length + 1).split('/')[0] ?? ''))];
    },
    mayRead: (user, path) => user.uid === 0 || path.startsWith(isJailed(user) ? `${jailOf(user)}/` : '/home/'),
    mayWrite(user, path) {
      if (user.uid === 0) return true;
      return path.startsWith(isJailed(user) ? `${jailOf(user)}/upload/` : `${homeOf(user)}/`);
    },
    put(path, file) {
      all.set(path, file);
      changed();
    },
    remove(path) {
      all.delete(path);
      changed();
    },
  };
}

/** True path of a user's authorized keys. A jailed user cannot see it. */
export function keysPath(placement: Placement, user: string): string {
  if (placement === 'central') return `/etc/ssh/authorized_keys/${user}`;
  return placement === 'chroot' ? `/srv/keys/${user}` : `/home/${user}/.ssh/authorized_keys`;
}
