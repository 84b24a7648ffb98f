import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import { knownAt, lateness, type PropagationOptions } from '../propagation.js';
import type { Incoming } from '../routes.js';

export interface User {
  readonly name: string;
  readonly admin: boolean;
  /** Of the account. */
  password: string;
  enabled: boolean;
  /** Whether it has a second factor: its account password is then of no use to a machine. */
  secondFactor: boolean;
}

export interface AppPassword {
  readonly id: number;
  readonly user: User;
  /** The User-Agent of whoever asked for it, or what a person called it. */
  readonly name: string;
  value: string;
  /** Values that were in its place before. */
  readonly former: string[];
  /** The account's, as the server last saw it: an app password lives by it. */
  accountPassword: string;
  /** When it was last held against the account (Unix ms). */
  checkedAt: number;
  /** It did not fit the account any more. A login with the account's new password makes it good again. */
  invalid: boolean;
  deleted: boolean;
  /** Unix milliseconds until which it is still refused. */
  readonly propagatedAt: number;
  /** Unix milliseconds until which servers that learn of it late let a deleted one through. */
  acceptedUntil: number;
}

/** How the server is set up; all of it can be changed. */
export interface ServerState {
  /** Everybody must have a second factor. */
  secondFactorForAll: boolean;
  /** Account passwords are for browsers alone. */
  appPasswordsOnly: boolean;
  maintenance: boolean;
  /** Everybody's address is on the list of those that wrong passwords do not count against. */
  allowListed: boolean;
  /** Nothing more can be stored. */
  full: boolean;
}

export interface Caller {
  readonly user: User;
  /** Null for somebody who came with the account's password. */
  readonly appPassword: AppPassword | null;
}

/** Why nobody is signed in. `forbidden`: an account password, where those do not count. */
export type Refusal = 'signed out' | 'wrong' | 'forbidden' | 'throttled' | 'disabled';

export interface NextcloudState {
  readonly users: Map<string, User>;
  readonly appPasswords: AppPassword[];
  readonly server: ServerState;
  add(user: User, name: string): AppPassword;
  /** The value in its place is another one from now on, and the old one is dead. */
  rotate(appPassword: AppPassword): void;
  end(appPassword: AppPassword): void;
  /** Wrong passwords of the last half hour from one address. */
  attempts(address: string): number;
  noteAttempt(address: string): void;
  forgiveAttempts(address: string): void;
  /** Whether any server lets the app password through. Changes nothing. */
  works(appPassword: AppPassword): boolean;
  /** Who asks: by the cookie of a session that is open, whatever password is sent with it, else by name and password. */
  signIn(request: Incoming): Caller | Refusal;
  /** What a browser would keep, and send with its next request; null for one that has it already. */
  cookieFor(caller: Caller, request: Incoming): string | null;
}

export interface StateOptions extends PropagationOptions {
  readonly clock: Clock;
}

const checkedEveryMs = 5 * 60_000;
const [mostAttempts, attemptsForMs] = [10, 30 * 60_000];

export function createState(options: StateOptions): NextcloudState {
  const { clock, propagationMs = 0, deletionLagMs = 0 } = options;
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
      const made = {
        ...{ id: ++lastId, user, name: shortened(name), value: newValue(), former: [] },
        ...{ accountPassword: user.password, checkedAt: clock(), invalid: false, deleted: false },
        ...{ propagatedAt: knownAt(clock, propagationMs), acceptedUntil: Number.NEGATIVE_INFINITY },
      };
      state.appPasswords.push(made);
      return made;
    },
    rotate(appPassword) {
      appPassword.former.push(appPassword.value);
      appPassword.value = newValue();
    },
    end: (appPassword) =>
      void Object.assign(appPassword, { deleted: true, acceptedUntil: knownAt(clock, deletionLagMs) }),
    attempts: (address) => recent(address).length,
    noteAttempt: (address) => void tries.set(address, [...recent(address), clock()]),
    forgiveAttempts: (address) => void tries.delete(address),
    works: (each) => lateness(undefined, options).some((isLate) => lives(each, isLate, clock()) && fits(each, clock())),
    ...signingIn(() => state, options),
  };
  return state;
}

/** A session stays open when the account's password is changed. */
function signingIn(stateOf: () => NextcloudState, options: StateOptions): Pick<NextcloudState, 'signIn' | 'cookieFor'> {
  const sessions = new Map<string, Caller>();
  const sessionOf = ({ headers }: Incoming) => sessions.get(/oclab=(\w+)/.exec(headers.cookie ?? '')?.[1] ?? '');
  return {
    signIn(request) {
      const [state, session] = [stateOf(), sessionOf(request)];
      if (session?.user.enabled && !session.appPassword?.deleted) return session;
      const caller = callerOf(state, request, options);
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

/** The order in which the server looks at things. A password that is no living app password counts as one of the account. */
function callerOf(state: NextcloudState, request: Incoming, options: StateOptions): Caller | Refusal {
  const given = basic(request);
  if (!given) return 'signed out';
  if (!state.server.allowListed && state.attempts(addressOf(request)) > mostAttempts) return 'throttled';
  return accepted(state, { ...given, request }, options);
}

function accepted(state: NextcloudState, given: Given, options: StateOptions): Caller | Exclude<Refusal, 'signed out'> {
  const user = state.users.get(given.name.toLowerCase());
  const [isLate = true] = lateness(given.request, options);
  const now = options.clock();
  const appPassword =
    state.appPasswords.find((each) => each.value === given.password && lives(each, isLate, now)) ?? null;
  if (!appPassword && forbidsAccountPasswords(state, user)) return 'forbidden';
  if (!user || !(appPassword ? checked(appPassword, user, now) : given.password === user.password)) return 'wrong';
  if (!user.enabled) return 'disabled';
  if (!appPassword) revive(state, user);
  return { user, appPassword };
}

function forbidsAccountPasswords({ server }: NextcloudState, user: User | undefined): boolean {
  return server.appPasswordsOnly || (user !== undefined && (user.secondFactor || server.secondFactorForAll));
}

function lives({ deleted, propagatedAt, acceptedUntil }: AppPassword, isLate: boolean, now: number): boolean {
  return deleted ? isLate && acceptedUntil > now : !isLate || propagatedAt <= now;
}

function fits({ invalid, checkedAt, accountPassword, user }: AppPassword, now: number): boolean {
  return !invalid && (checkedAt > now - checkedEveryMs || accountPassword === user.password);
}

/** Held against the account every five minutes: until then a changed account password is not noticed. */
function checked(appPassword: AppPassword, user: User, now: number): boolean {
  if (appPassword.user !== user) return false;
  appPassword.invalid = !fits(appPassword, now);
  if (!appPassword.invalid && appPassword.checkedAt <= now - checkedEveryMs) appPassword.checkedAt = now;
  return !appPassword.invalid;
}

/** Whoever comes with the account's password makes all its app passwords good again. */
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

/** The lab stands behind a proxy that it trusts. */
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
