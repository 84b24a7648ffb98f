import { randomBytes } from 'node:crypto';
import type { Arrival } from '../arrival.js';
import type { Clock } from '../clock.js';
import { createPropagation, type Propagated, type PropagationOptions } from '../propagation.js';
import type { Incoming } from '../routes.js';

export interface User {
  readonly id: number;
  readonly name: string;
  readonly superuser: boolean;
  password: string;
  active: boolean;
  /** The current code of the second factor; null without one. */
  mfaCode: string | null;
  /** `add_document`, `view_document`, `view_paperlesstask`; a superuser needs none. */
  rights: readonly string[];
}

export interface Token extends Propagated {
  readonly user: User;
  readonly value: string;
}

export interface Document {
  readonly id: number;
  readonly title: string;
  readonly owner: number;
  readonly content: Buffer;
}

export interface PaperlessState {
  readonly clock: Clock;
  readonly users: User[];
  readonly tokens: Token[];
  readonly documents: Document[];
  /** Uploads, with their tokens. */
  readonly arrivals: Arrival[];
  /** Every change of a user's token, at real times (Unix ms). */
  readonly changes: { readonly user: User; readonly value: string | null; readonly at: number }[];
  addUser(user: Pick<User, 'name' | 'password'> & Partial<User>): User;
  /** The user's only token; null when there is none. */
  tokenOf(user: User): Token | null;
  /** Replaces the user's token, if there is one. */
  replaceToken(user: User): Token;
  end(token: Token): void;
  /** Whether any server accepts it. */
  works(token: Token): boolean;
  /** The token, if the server that received the request knows it. */
  find(value: string, request: Incoming): Token | undefined;
  /** Seconds until this address may request a token again. Null when it may now; the request then counts. */
  throttle(address: string): number | null;
}

export interface StateOptions extends PropagationOptions {
  readonly clock: Clock;
}

const [mostTries, triesForMs] = [5, 60_000];

export function createState(options: StateOptions): PaperlessState {
  const { clock } = options;
  const propagation = createPropagation(clock, options);
  const state: PaperlessState = {
    ...{ clock, users: [], tokens: [], documents: [], arrivals: [], changes: [] },
    addUser(user) {
      const id = state.users.length + 2;
      const added = { superuser: false, active: true, mfaCode: null, rights: [], ...user, id };
      state.users.push(added);
      return added;
    },
    tokenOf: (user) => state.tokens.find((each) => each.user === user && !each.deleted) ?? null,
    replaceToken(user) {
      const old = state.tokenOf(user);
      if (old) state.end(old);
      const value = randomBytes(20).toString('hex');
      const token = { user, value, ...propagation.begin() };
      state.tokens.push(token);
      state.changes.push({ user, value, at: Date.now() });
      return token;
    },
    end(token) {
      propagation.end(token);
      state.changes.push({ user: token.user, value: null, at: Date.now() });
    },
    works: (token) => token.user.active && propagation.accepts(token),
    find: (value, request) => state.tokens.find((each) => each.value === value && propagation.accepts(each, request)),
    throttle: createThrottle(clock),
  };
  return state;
}

function createThrottle(clock: Clock): PaperlessState['throttle'] {
  const tries = new Map<string, number[]>();
  return (address) => {
    const recent = (tries.get(address) ?? []).filter((at) => at > clock() - triesForMs);
    const [oldest = 0] = recent;
    if (recent.length >= mostTries) return Math.ceil((triesForMs - (clock() - oldest)) / 1000);
    tries.set(address, [...recent, clock()]);
    return null;
  };
}
