import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import { createFiles, type Files, keysPath, type LabFile, type Placement, type User } from './files.js';
import { blobsIn, type LabKey, newLabKey } from './keys.js';

export interface AccountsOptions {
  readonly clock: Clock;
  readonly placement: Placement;
  /** How long after a change of the file it counts, by the lab's clock. */
  readonly settlingMs: number;
}

/** A user who may sign in with a key of their own. */
export interface LabUser extends User, LabKey {}

export interface Accounts {
  /** The account that documents are put into. */
  readonly username: string;
  readonly password: string;
  /** The key that lets it in at first, and one of Keyturn's own. */
  readonly key: LabKey;
  readonly admin: LabKey;
  /** Somebody who sees the account's files and may change none; somebody who may do anything. */
  readonly reader: LabUser;
  readonly root: LabUser;
  readonly files: Files;
  /** True path of the account's authorized_keys. */
  readonly keysFile: string;
  /** The account's authorized_keys; assign to it as a person with an editor would. */
  text: string;
  /** Keys that let somebody into the account right now. */
  accepted(): string[];
  /** Keys that ever did, oldest first. */
  everyKey(): string[];
}

const uids: Readonly<Record<string, number>> = { docuelevate: 1000, reader: 1001, root: 0 };

export function userOf(name: string): User {
  return { name, uid: uids[name] ?? 65534 };
}

export interface Gate extends Accounts {
  /** Whether a key lets somebody in. */
  accepts(user: string, blob: string): boolean;
}

export function createAccounts({ clock, placement, settlingMs }: AccountsOptions): Gate {
  const username = 'docuelevate';
  const since = new Map<string, number>();
  const files = createFiles(placement, () => note(clock()));
  const keysFile = keysPath(placement, username);
  const textOf = (user: string): string => keysFor(files, keysPath(placement, user), userOf(user));
  function note(at: number): void {
    for (const blob of blobsIn(textOf(username))) if (!since.has(blob)) since.set(blob, at);
  }
  const accepts = (user: string, blob: string): boolean => {
    // A clock that is put back makes no key unborn.
    const settled = settlingMs === 0 || clock() - (since.get(blob) ?? Number.NEGATIVE_INFINITY) >= settlingMs;
    return settled && blobsIn(textOf(user)).includes(blob);
  };
  const edit = (text: string): void => files.put(keysFile, fileOf(text, userOf(username).uid));
  const [key, admin] = [newLabKey(), newLabKey()];
  edit(firstText(key, admin));
  for (const blob of since.keys()) since.set(blob, Number.NEGATIVE_INFINITY); // have been there for long
  const person = (name: string): LabUser => {
    const own = newLabKey();
    files.put(keysPath(placement, name), fileOf(`ssh-ed25519 ${own.blob} ${name}\n`, userOf(name).uid));
    return { ...userOf(name), ...own };
  };
  return {
    ...{ username, password: randomBytes(24).toString('base64url'), key, admin, files, keysFile, accepts },
    ...{ reader: person('reader'), root: person('root') },
    accepted: () => [...since.keys()].filter((blob) => accepts(username, blob)),
    everyKey: () => [...since.keys()],
    get text() {
      return files.all.get(keysFile)?.content.toString('latin1') ?? '';
    },
    set text(text) {
      edit(text);
    },
  };
}

function firstText(key: LabKey, admin: LabKey): string {
  return [
    '# who may put documents here',
    `ssh-ed25519 ${key.blob} docuelevate-sftp`,
    `restrict,command="internal-sftp" ssh-ed25519 ${admin.blob} keyturn`,
    '',
  ].join('\n');
}

/** As sshd reads it: not at all when others could have written it. */
function keysFor({ all }: Files, path: string, { uid }: User): string {
  const file = all.get(path);
  const safe = file && (file.uid === 0 || file.uid === uid) && (file.mode & 0o022) === 0;
  return safe ? file.content.toString('latin1') : '';
}

function fileOf(text: string, uid: number): LabFile {
  return { content: Buffer.from(text, 'latin1'), mode: 0o600, uid };
}
