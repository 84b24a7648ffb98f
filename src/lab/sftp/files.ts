import { posix } from 'node:path';

export interface LabFile {
  readonly content: Buffer;
  readonly mode: number;
  readonly uid: number;
}

/** Somebody with an account on the server. */
export interface User {
  readonly name: string;
  readonly uid: number;
}

/** Where the server keeps the keys that let somebody in. */
export type Placement = 'home' | 'central' | 'chroot';

/** The server's disk, as its users may use it. Folders are where files are. */
export interface Files {
  /** By their true paths. */
  readonly all: ReadonlyMap<string, LabFile>;
  /** A path as the user names it, for the user. */
  resolve(user: User, path: string): string;
  mayRead(user: User, path: string): boolean;
  mayWrite(user: User, path: string): boolean;
  put(path: string, file: LabFile): void;
  remove(path: string): void;
}

/** `changed` is told which path has another content from now on. */
export function createFiles(placement: Placement, changed: (path: string) => void): Files {
  const all = new Map<string, LabFile>();
  const jailed = ({ uid }: User): boolean => placement === 'chroot' && uid !== 0;
  const homeOf = ({ name }: User): string => `/home/${name}`;
  return {
    all,
    resolve: (user, path) => posix.resolve(jailed(user) ? '/' : homeOf(user), path),
    mayRead: (user, path) => user.uid === 0 || path.startsWith(jailed(user) ? '/' : '/home/'),
    mayWrite(user, path) {
      if (user.uid === 0) return true;
      return path.startsWith(jailed(user) ? '/upload/' : `${homeOf(user)}/`);
    },
    put(path, file) {
      all.set(path, file);
      changed(path);
    },
    remove(path) {
      all.delete(path);
      changed(path);
    },
  };
}

/** Where the keys of a user are, by its true path: nobody who is jailed can see it. */
export function keysPath(placement: Placement, user: string): string {
  if (placement === 'central') return `/etc/ssh/authorized_keys/${user}`;
  return placement === 'chroot' ? `/srv/keys/${user}` : `/home/${user}/.ssh/authorized_keys`;
}
