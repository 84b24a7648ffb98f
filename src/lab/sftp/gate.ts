import { posix } from 'node:path';
import type { Clock } from '../clock.js';
import { type Files, keysPath, type Placement, type User } from './files.js';
import { type KeyLine, keysIn, nameOf } from './keys.js';
import { type Visit, whyTurnedAway } from './options.js';

/** What an administrator makes of the account; assign to it. */
export interface AccountState {
  password: string;
  /** Without PAM a locked password (`passwd -l`) and an account that has expired let nobody in by a key either. */
  state: 'open' | 'locked' | 'expired';
  /** The rights of the folder that authorized_keys is in. */
  folderMode: number;
}

/** What sshd makes of a key, and what it writes to its log on the way. */
export interface Judgement {
  readonly accepted: boolean;
  readonly log: readonly string[];
}

export interface GateOptions {
  readonly files: Files;
  readonly placement: Placement;
  readonly clock: Clock;
  /** How long after a change of the file it counts, by the lab's clock. */
  readonly propagationMs: number;
  /** The account with a account. */
  readonly username: string;
  readonly account: AccountState;
}

export interface Gate {
  judge(user: string, blob: string, address: string): Judgement;
  /** Takes note of the account's keys, which are there since some moment. */
  learn(at: number): void;
  /** The account's keys, oldest first, and since when they are there. */
  readonly since: Map<string, number>;
}

export function createGate({ files, placement, clock, propagationMs, username, account }: GateOptions): Gate {
  const since = new Map<string, number>();
  const open = (user: string): Opened => {
    const folderMode = user === username ? account.folderMode : 0o700;
    return openKeys({ files, path: keysPath(placement, user), folderMode }, userOf(user));
  };
  return {
    since,
    learn(at) {
      for (const { blob } of open(username).keys) if (!since.has(blob)) since.set(blob, at);
    },
    judge(user, blob, address) {
      // A clock that is put back makes no key unborn.
      const settled = propagationMs === 0 || clock() - (since.get(blob) ?? Number.NEGATIVE_INFINITY) >= propagationMs;
      if (!settled) return { accepted: false, log: [] };
      const { keys, log } = open(user);
      if (log.length > 0) return { accepted: false, log };
      const lines = keys.filter((each) => each.blob === blob);
      return judgeLines(lines, keysPath(placement, user), { user, address, now: clock() });
    },
  };
}

interface Place {
  readonly files: Files;
  readonly path: string;
  readonly folderMode: number;
}

interface Opened {
  readonly keys: readonly KeyLine[];
  /** Why it is not read, though it is there. */
  readonly log: readonly string[];
}

const writableByOthers = 0o022;

/** As sshd reads it: with the user's rights, and not at all when others could have written it. */
function openKeys({ files, path, folderMode }: Place, { name, uid }: User): Opened {
  const file = files.all.get(path);
  const left = (why: string): Opened => ({ keys: [], log: [why] });
  if (!file) return { keys: [], log: [] };
  const readable = uid === 0 || (file.mode & (file.uid === uid ? 0o400 : 0o004)) !== 0;
  if (!readable) return left(`Could not open user '${name}' authorized keys '${path}': Permission denied`);
  const refused = 'Authentication refused: bad ownership or modes for';
  if (![0, uid].includes(file.uid) || (file.mode & writableByOthers) !== 0) return left(`${refused} file ${path}`);
  if ((folderMode & writableByOthers) !== 0) return left(`${refused} directory ${posix.dirname(path)}`);
  return { keys: keysIn(file.content.toString('latin1')), log: [] };
}

/** The first line that lets the key in counts, also after one that turns it away. */
function judgeLines(lines: readonly KeyLine[], path: string, visit: Visit): Judgement {
  const log: string[] = [];
  for (const { number, options, blob } of lines) {
    const why = whyTurnedAway(options, visit);
    if (why === null)
      return { accepted: true, log: [...log, `Accepted key ${nameOf(blob)} found at ${path}:${number}`] };
    log.push(...(why === '' ? [] : [`${path}:${number}: ${why}`]), 'Refused by key options');
  }
  return { accepted: false, log };
}

/** What the log says of somebody who gets in by nothing; null for whoever may sign in. */
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
