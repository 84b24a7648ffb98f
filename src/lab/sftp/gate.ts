import { posix } from 'node:path';
import type { Clock } from '../clock.js';
import { type Files, keysPath, type Placement, type User } from './files.js';
import { type KeyLine, keysIn, nameOf } from './keys.js';
import { type LoginAttempt, whyRefused } from './options.js';

/** The account's settings. Assigning to it simulates an administrator. */
export interface AccountState {
  password: string;
  /** Without PAM, a locked password (`passwd -l`) or an expired account also refuses keys. */
  state: 'open' | 'locked' | 'expired';
  /** Permissions of the folder of authorized_keys. */
  folderMode: number;
}

/** sshd's decision about a key, with the log lines of the check. */
export interface KeyCheck {
  readonly accepted: boolean;
  readonly log: readonly string[];
}

export interface GateOptions {
  readonly files: Files;
  readonly placement: Placement;
  readonly clock: Clock;
  /** Propagation delay of a change of the file, milliseconds by the lab's clock. */
  readonly propagationMs: number;
  /** Name of the account that `account` belongs to. */
  readonly username: string;
  readonly account: AccountState;
}

export interface Gate {
  checkKey(user: string, blob: string, address: string): KeyCheck;
  /** Records when the account's new keys were added. */
  learn(at: number): void;
  /** The account's keys with the times they were added, oldest first. */
  readonly since: Map<string, number>;
}

export function createGate({ files, placement, clock, propagationMs, username, account }: GateOptions): Gate {
  const since = new Map<string, number>();
  const keysOf = (user: string): ReadKeys => {
    const folderMode = user === username ? account.folderMode : 0o700;
    return readKeys({ files, path: keysPath(placement, user), folderMode }, userOf(user));
  };
  return {
    since,
    learn(at) {
      for (const { blob } of keysOf(username).keys) if (!since.has(blob)) since.set(blob, at);
    },
    checkKey(user, blob, address) {
      // Without a delay, a clock that goes back must not make a key unknown.
      const isKnown = propagationMs === 0 || clock() - (since.get(blob) ?? Number.NEGATIVE_INFINITY) >= propagationMs;
      if (!isKnown) return { accepted: false, log: [] };
      const { keys, log } = keysOf(user);
      if (log.length > 0) return { accepted: false, log };
      const lines = keys.filter((each) => each.blob === blob);
      return checkLines(lines, keysPath(placement, user), { user, address, now: clock() });
    },
  };
}

interface Place {
  readonly files: Files;
  readonly path: string;
  readonly folderMode: number;
}

interface ReadKeys {
  readonly keys: readonly KeyLine[];
  /** Why an existing file was not read. */
  readonly log: readonly string[];
}

const writableByOthers = 0o022;

/** Reads the file like sshd: with the user's permissions, and not at all when others may write to it. */
function readKeys({ files, path, folderMode }: Place, { name, uid }: User): ReadKeys {
  const file = files.all.get(path);
  const unread = (why: string): ReadKeys => ({ keys: [], log: [why] });
  if (!file) return { keys: [], log: [] };
  const readable = uid === 0 || (file.mode & (file.uid === uid ? 0o400 : 0o004)) !== 0;
  if (!readable) return unread(`Could not open user '${name}' authorized keys '${path}': Permission denied`);
  const refused = 'Authentication refused: bad ownership or modes for';
  if (![0, uid].includes(file.uid) || (file.mode & writableByOthers) !== 0) return unread(`${refused} file ${path}`);
  if ((folderMode & writableByOthers) !== 0) return unread(`${refused} directory ${posix.dirname(path)}`);
  return { keys: keysIn(file.content.toString('latin1')), log: [] };
}

/** The first line that accepts the key counts, even after a line that refuses it. */
function checkLines(lines: readonly KeyLine[], path: string, attempt: LoginAttempt): KeyCheck {
  const log: string[] = [];
  for (const { number, options, blob } of lines) {
    const why = whyRefused(options, attempt);
    if (why === null)
      return { accepted: true, log: [...log, `Accepted key ${nameOf(blob)} found at ${path}:${number}`] };
    log.push(...(why === '' ? [] : [`${path}:${number}: ${why}`]), 'Refused by key options');
  }
  return { accepted: false, log };
}

/** The log lines about a user who may never sign in; null for a user who may. */
export function whyBarred(
  { name, uid }: User,
  state: AccountState['state'],
  { peer, address }: { readonly peer: string; readonly address: string },
): string[] | null {
  if (uid === nobody) return [`Invalid user ${name} from ${peer}`];
  if (uid === notListed) return [`User ${name} from ${address} not allowed because not listed in AllowUsers`];
  if (state === 'open') return null;
  const locked = `User ${name} not allowed because account is locked`;
  return state === 'locked' ? [locked] : [`Account ${name} has expired`, locked];
}

const notListed = 33;
const nobody = 65534;

const uids: Readonly<Record<string, number>> = { docuelevate: 1000, reader: 1001, root: 0, 'www-data': notListed };

export function userOf(name: string): User {
  return { name, uid: uids[name] ?? nobody };
}
