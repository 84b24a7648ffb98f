import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import { createFiles, type Files, keysPath, type LabFile, type Placement, type User } from './files.js';
import { createGate, type Gate, type AccountState, userOf } from './gate.js';
import { type LabKey, newLabKey } from './keys.js';

export interface AccountsOptions {
  readonly clock: Clock;
  readonly placement: Placement;
  /** How long after a change of the file it counts, by the lab's clock. */
  readonly propagationMs: number;
  /** The folder that a session begins in, as seen from where it would begin otherwise. */
  readonly startsIn: string;
}

/** A user who may sign in with a key of their own. */
export interface LabUser extends User, LabKey {}

export interface Accounts {
  /** The account that documents are put into. */
  readonly username: string;
  readonly password: string;
  readonly account: AccountState;
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
  /** As `chpasswd` does; false when it refuses. */
  changePassword(user: string, password: string): boolean;
}

export function createAccounts({ clock, placement, propagationMs, startsIn }: AccountsOptions): Accounts & Gate {
  const username = 'docuelevate';
  const files = createFiles({ placement, startsIn, changed: () => gate.learn(clock()) });
  const keysFile = keysPath(placement, username);
  const account: AccountState = { password: randomBytes(24).toString('base64url'), state: 'open', folderMode: 0o700 };
  const gate = createGate({ files, placement, clock, propagationMs, username, account });
  const write = (user: string, text: string): void =>
    files.put(keysPath(placement, user), fileOf(text, userOf(user).uid));
  const person = (name: string): LabUser => {
    const own = newLabKey();
    write(name, `ssh-ed25519 ${own.blob} ${name}\n`);
    return { ...userOf(name), ...own };
  };
  const [key, admin] = [newLabKey(), newLabKey()];
  for (const { blob } of [key, admin]) gate.since.set(blob, Number.NEGATIVE_INFINITY); // have been there for long
  write(username, firstText(key, admin));
  return {
    ...{ ...gate, username, account, key, admin, files, keysFile, reader: person('reader'), root: person('root') },
    accepted: () => [...gate.since.keys()].filter((blob) => gate.judge(username, blob, '127.0.0.1').accepted),
    everyKey: () => [...gate.since.keys()],
    changePassword(user, given) {
      const changes = user === username && given !== '';
      if (changes) account.password = given;
      return changes;
    },
    get password() {
      return account.password;
    },
    get text() {
      return files.all.get(keysFile)?.content.toString('latin1') ?? '';
    },
    set text(text) {
      write(username, text);
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

function fileOf(text: string, uid: number): LabFile {
  return { content: Buffer.from(text, 'latin1'), mode: 0o600, uid };
}
