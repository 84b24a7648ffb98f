import type { Clock } from '../clock.js';

/** One login, by the lab's clock. */
export interface Login {
  readonly outcome: 'accepted' | 'refused' | 'locked';
  /** Unix milliseconds. */
  readonly at: number;
}

export interface AccountOptions {
  readonly username?: string;
  readonly password?: string;
  readonly clock?: Clock;
  /**
   * A cache of what the server read of the account, for so many milliseconds. With another password than the cached one Dovecot reads the
   * account again, unless the login before had failed; Apache refuses.
   */
  readonly cache?: { readonly ms: number; readonly by: 'dovecot' | 'apache' };
  /** Number of refused logins in a row that lock everybody out; never when left out. */
  readonly lockAfter?: number;
}

/** An account with one password. */
export interface LabAccount {
  readonly username: string;
  readonly password: string;
  /** A person changes the password. */
  setPassword(password: string): void;
  /** Every password that would be accepted right now, among all that the account ever had. */
  working(): string[];
  /** Every login, oldest first. */
  readonly logins: readonly Login[];
  /** Whether it is locked. A person may unlock it. */
  isLocked: boolean;
}

/** The server's side of an account. */
export interface AccountGate extends LabAccount {
  signIn(username: string, password: string): Login['outcome'];
}

export function createAccount(options: AccountOptions = {}): AccountGate {
  const { username = 'scans', clock = Date.now, lockAfter = Infinity } = options;
  const passwords = [options.password ?? 'first-example-pass-1'];
  const logins: Login[] = [];
  const current = (): string => passwords.at(-1) ?? '';
  const cache = createCache({ ...options, clock, current });
  let isLocked = false;
  let refusals = 0;

  const outcomeOf = (name: string, password: string): Login['outcome'] => {
    if (isLocked) return 'locked';
    const accepted = name === username && cache.judge(password);
    refusals = accepted ? 0 : refusals + 1;
    isLocked = refusals >= lockAfter;
    return accepted ? 'accepted' : 'refused';
  };
  return {
    ...{ username, logins },
    get password() {
      return current();
    },
    get isLocked() {
      return isLocked;
    },
    set isLocked(now: boolean) {
      isLocked = now;
      refusals = 0;
    },
    setPassword: (password) => void passwords.push(password),
    working: () => [...new Set(passwords)].filter((each) => cache.known(each) ?? each === current()),
    signIn(name, password) {
      const outcome = outcomeOf(name, password);
      logins.push({ outcome, at: clock() });
      return outcome;
    },
  };
}

interface CacheOptions extends Pick<AccountOptions, 'cache'> {
  readonly clock: Clock;
  /** Reads the account. */
  readonly current: () => string;
}

function createCache({ cache, clock, current }: CacheOptions) {
  let held: { readonly password: string; readonly at: number; lastMatched: boolean } | null = null;
  /** What the cache says; null when the server reads the account. */
  const known = (password: string): boolean | null => {
    if (!cache || !held || clock() - held.at >= cache.ms) return null;
    if (held.password === password) return true;
    return cache.by === 'apache' || !held.lastMatched ? false : null;
  };
  return {
    known,
    judge(password: string): boolean {
      const answer = known(password);
      const accepted = answer ?? password === current();
      if (answer !== null && held) held.lastMatched = accepted;
      // Apache keeps only what matched.
      else if (accepted || cache?.by === 'dovecot') held = { password: current(), at: clock(), lastMatched: accepted };
      return accepted;
    },
  };
}
