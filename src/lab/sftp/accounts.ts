import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import { createFiles, type Files, keysPath, type LabFile, type Placement, type User } from './files.js';
import { createGate, type Gate, type AccountState, userOf } from './gate.js';
import { type LabKey, newLabKey } from './keys.js';

export interface AccountsOptions {
  readonly clock: Clock;
  readonly placement: Placement;
  /** Propagation delay of a change of the file, milliseconds by the lab's clock. */
  readonly propagationMs: number;
  /** The start folder of a session, relative to the default start folder. */
  readonly startsIn: string;
}

/** A user with a key of their own. */
export interface LabUser extends User, LabKey {}

export interface Accounts {
  /** The account that receives documents. */
  readonly username: string;
  readonly password: string;
  readonly account: AccountState;
  /** The account's first key. */
  readonly key: LabKey;
  /** Keyturn's own key. */
  readonly admin: LabKey;
  /** A user who may read the account's files but not change them. */
  readonly reader: LabUser;
  /** A user who may do anything. */
  readonly root: LabUser;
  readonly files: Files;
  /** True path of the account's authorized_keys. */
  readonly keysFile: string;
  /** The account's authorized_keys. Assigning to it simulates a person with an editor. */
  text: string;
  /** The account's keys that are accepted right now. */
  accepted(): string[];
  /** Every key the account ever had, oldest first. */
  everyKey(): string[];
  /** Like `chpasswd`; false when it refuses. */
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
  for (const { blob } of [key, admin]) gate.since.set(blob, Number.NEGATIVE_INFINITY); // propagated long ago
  write(username, firstText(key, admin));
  return {
    ...{ ...gate, username, account, key, admin, files, keysFile, reader: person('reader'), root: person('root') },
    accepted: () => [...gate.since.keys()].filter((blob) => gate.checkKey(username, blob, '127.0.0.1').accepted),
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
