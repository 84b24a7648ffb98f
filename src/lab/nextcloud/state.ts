import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import { createPropagation, type Propagated, type Propagation, type PropagationOptions } from '../propagation.js';
import type { Incoming } from '../routes.js';

export interface User {
  readonly name: string;
  readonly admin: boolean;
  /** The account's password. */
  password: string;
  enabled: boolean;
  /** With a second factor, a program cannot use the account password. */
  secondFactor: boolean;
}

export interface AppPassword extends Propagated {
  readonly id: number;
  readonly user: User;
  /** The User-Agent of the request that created it, or a name chosen by a person. */
  readonly name: string;
  value: string;
  /** Its earlier values. */
  readonly former: string[];
  /** The account's password as last checked. The app password works only while it is still right. */
  accountPassword: string;
  /** When it was last compared with the account's password (Unix ms). */
  checkedAt: number;
  /** It no longer matched the account's password. A login with the account's new password makes it valid again. */
  invalid: boolean;
}

/** The server's settings. All may be changed. */
export interface ServerState {
  /** Every user must have a second factor. */
  secondFactorForAll: boolean;
  /** Account passwords work only in browsers. */
  appPasswordsOnly: boolean;
  maintenance: boolean;
  /** Every address is exempt from counting wrong passwords. */
  allowListed: boolean;
  /** There is no storage space left. */
  full: boolean;
}

export interface Caller {
  readonly user: User;
  /** Null for a login with the account's password. */
  readonly appPassword: AppPassword | null;
}

/** Why a login is refused. `forbidden`: an account password where those are not allowed. */
export type Refusal = 'signed out' | 'wrong' | 'forbidden' | 'throttled' | 'disabled';

export interface NextcloudState {
  readonly users: Map<string, User>;
  readonly appPasswords: AppPassword[];
  readonly server: ServerState;
  add(user: User, name: string): AppPassword;
  /** Replaces the value. The old one stops working at once. */
  rotate(appPassword: AppPassword): void;
  end(appPassword: AppPassword): void;
  /** Number of wrong passwords from one address in the last half hour. */
  attempts(address: string): number;
  noteAttempt(address: string): void;
  forgiveAttempts(address: string): void;
  /** Whether any server accepts the app password. Changes nothing. */
  works(appPassword: AppPassword): boolean;
  /** Identifies the caller by the cookie of an open session, whatever password is sent with it; otherwise by name and password. */
  signIn(request: Incoming): Caller | Refusal;
  /** The session cookie to set; null when the request already has one. */
  cookieFor(caller: Caller, request: Incoming): string | null;
}

export interface StateOptions extends PropagationOptions {
  readonly clock: Clock;
}

const checkedEveryMs = 5 * 60_000;
const [mostAttempts, attemptsForMs] = [10, 30 * 60_000];

export function createState(options: StateOptions): NextcloudState {
  const { clock } = options;
  const propagation = createPropagation(clock, options);
  const tries = new Map<string, number[]>();
  const recent = (address: string) => (tries.get(address) ?? []).filter((at) => at > clock() - attemptsForMs);
  let lastId = 0;
  const state: NextcloudState = {
    users: new Map(),
    appPasswords: [],
    server: {
      secondFactorForAll: false,
      appPasswordsOnly: false,
      maintenance: false,
      allowListed: false,
      full: false,
    },
    add(user, name) {
      const appPassword = {
        ...{ id: ++lastId, user, name: shortened(name), value: newValue(), former: [] },
        ...{ accountPassword: user.password, checkedAt: clock(), invalid: false },
        ...propagation.begin(),
      };
      state.appPasswords.push(appPassword);
      return appPassword;
    },
    rotate(appPassword) {
      appPassword.former.push(appPassword.value);
      appPassword.value = newValue();
    },
    end: (appPassword) => propagation.end(appPassword),
    attempts: (address) => recent(address).length,
    noteAttempt: (address) => void tries.set(address, [...recent(address), clock()]),
    forgiveAttempts: (address) => void tries.delete(address),
    works: (each) => propagation.accepts(each) && fits(each, clock()),
    ...signingIn(() => state, { clock, propagation }),
  };
  return state;
}

interface Servers {
  readonly clock: Clock;
  readonly propagation: Propagation;
}

/** A session stays valid when the account's password changes. */
function signingIn(stateOf: () => NextcloudState, servers: Servers): Pick<NextcloudState, 'signIn' | 'cookieFor'> {
  const sessions = new Map<string, Caller>();
  const sessionOf = ({ headers }: Incoming) => sessions.get(/oclab=(\w+)/.exec(headers.cookie ?? '')?.[1] ?? '');
  return {
    signIn(request) {
      const [state, session] = [stateOf(), sessionOf(request)];
      if (session?.user.enabled && !session.appPassword?.deleted) return session;
      const caller = callerOf(state, request, servers);
      if (caller === 'wrong') state.noteAttempt(addressOf(request));
      else if (typeof caller === 'object' && !caller.appPassword) state.forgiveAttempts(addressOf(request));
      return caller;
    },
    cookieFor(caller, request) {
      if (sessionOf(request)) return null;
      const id = randomBytes(13).toString('hex');
      sessions.set(id, caller);
      return `oclab=${id}; path=/; HttpOnly; SameSite=Lax`;
    },
  };
}

/** Checks in the server's order. A password that is not a valid app password counts as the account's password. */
function callerOf(state: NextcloudState, request: Incoming, servers: Servers): Caller | Refusal {
  const given = basic(request);
  if (!given) return 'signed out';
  if (!state.server.allowListed && state.attempts(addressOf(request)) > mostAttempts) return 'throttled';
  return accepted(state, { ...given, request }, servers);
}

function accepted(
  state: NextcloudState,
  { name, password, request }: Given,
  { clock, propagation }: Servers,
): Caller | Exclude<Refusal, 'signed out'> {
  const user = state.users.get(name.toLowerCase());
  const now = clock();
  const appPassword =
    state.appPasswords.find((each) => each.value === password && propagation.accepts(each, request)) ?? null;
  if (!appPassword && forbidsAccountPasswords(state, user)) return 'forbidden';
  if (!user || !(appPassword ? checked(appPassword, user, now) : password === user.password)) return 'wrong';
  if (!user.enabled) return 'disabled';
  if (!appPassword) revive(state, user);
  return { user, appPassword };
}

function forbidsAccountPasswords({ server }: NextcloudState, user: User | undefined): boolean {
  return server.appPasswordsOnly || (user !== undefined && (user.secondFactor || server.secondFactorForAll));
}

function fits({ invalid, checkedAt, accountPassword, user }: AppPassword, now: number): boolean {
  return !invalid && (checkedAt > now - checkedEveryMs || accountPassword === user.password);
}

/** Compares the app password with the account's password every five minutes. Until then a changed account password has no effect. */
function checked(appPassword: AppPassword, user: User, now: number): boolean {
  if (appPassword.user !== user) return false;
  appPassword.invalid = !fits(appPassword, now);
  if (!appPassword.invalid && appPassword.checkedAt <= now - checkedEveryMs) appPassword.checkedAt = now;
  return !appPassword.invalid;
}

/** A login with the account's password makes all its app passwords valid again. */
function revive({ appPasswords }: NextcloudState, user: User): void {
  for (const each of appPasswords)
    if (each.user === user) Object.assign(each, { accountPassword: user.password, invalid: false });
}

interface Given {
  readonly name: string;
  readonly password: string;
  readonly request: Incoming;
}

function basic({ headers }: Incoming): { name: string; password: string } | null {
  const encoded = /^Basic (.+)$/i.exec(headers.authorization ?? '')?.[1];
  const [, name, password] = /^([^:]*):([^]*)$/.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  return name === undefined || password === undefined ? null : { name, password };
}

/** The caller's address. The lab trusts the proxy in front of it. */
export function addressOf({ headers }: Incoming): string {
  return String(headers['x-forwarded-for'] ?? '127.0.0.1');
}

function shortened(name: string): string {
  return name.length > 128 ? `${name.slice(0, 120)}…` : name;
}

function newValue(): string {
  return randomBytes(80)
    .toString('base64')
    .replaceAll(/[^\dA-Za-z]/g, '')
    .slice(0, 72);
}
