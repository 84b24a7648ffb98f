import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import { createLastUse, type LastUse, type UsageOptions } from '../last-use.js';
import { knownAt, lateness, type PropagationOptions } from '../propagation.js';
import type { Incoming } from '../routes.js';

export interface Project {
  readonly id: string;
  name: string | null;
  readonly createdAt: number;
}

export interface Account {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  /** `none` has no access to the project: its keys are left out of a list that does not ask for them. */
  readonly role: 'member' | 'none';
  readonly createdAt: number;
  deleted: boolean;
}

export interface Key {
  readonly id: string;
  readonly value: string;
  readonly project: string;
  readonly name: string;
  /** Null for a key that belongs to a person. */
  readonly account: Account | null;
  readonly createdAt: number;
  /** Unix milliseconds until which it is still refused. */
  readonly propagatedAt: number;
  /** Unix seconds from which it is refused; null when it does not end. */
  expiresAt: number | null;
  /** What it may do; everything when there are none. */
  scopes: readonly string[];
  readonly lastUse: LastUse<{ readonly at: number }>;
  deleted: boolean;
  /** Unix milliseconds until which servers that learn of it late let a deleted key through. */
  acceptedUntil: number;
}

/** A chat or an embedding that somebody asked for with a key that works. */
export interface Inference {
  /** Id of the key. */
  readonly key: string;
  /** What was asked, whole: whose document it was can be told by it. */
  readonly asked: string;
  readonly status: number;
  /** Real Unix milliseconds. */
  readonly at: number;
}

export interface AdminKey {
  readonly id: string;
  readonly value: string;
  readonly name: string;
  readonly readOnly: boolean;
  readonly createdAt: number;
  /** Unix seconds; null when it does not end. */
  expiresAt: number | null;
}

export interface Owner {
  readonly project: string;
  /** Null for a person. */
  readonly account: Account | null;
  /** Accepted at once, as one that was made long ago. */
  readonly settled?: boolean;
  /** Somebody chose it; a random one when left out. */
  readonly value?: string;
  /** Seconds until it ends; never when left out. */
  readonly lifetime?: number | null | undefined;
  /** What it may do; whatever new keys may when left out. */
  readonly scopes?: readonly string[] | undefined;
}

/** What the organization lets be made. */
export interface Policy {
  /** Every new key has to end within so many seconds. */
  readonly longestSeconds?: number;
  /** Service accounts get no new keys. */
  readonly noKeys?: true;
}

/** What the organization holds. Deleted things stay, marked, so that a cursor that names one still works. */
export interface OpenAiState {
  /** What it says so of is answered with a server error. */
  fails: (asked: string) => boolean;
  policy: Policy;
  /** What keys may do that are made from now on without scopes of their own. */
  scopesOfNewKeys: readonly string[];
  readonly project: Project;
  readonly defaultProject: Project;
  /** One that may do everything, and one that may only read. */
  readonly adminKeys: readonly [AdminKey, AdminKey];
  readonly accounts: readonly Account[];
  readonly keys: readonly Key[];
  readonly inferences: Inference[];
  readonly deletesWithAccount: boolean;
  /** Unix seconds, the resolution of every time the vendor gives. */
  now(): number;
  addAccount(project: string, name: string, role: Account['role']): Account;
  addKey(owner: Owner, name: string): Key;
  deleteKey(key: Key): void;
  /** Deletes an account and so every key it has. */
  deleteAccount(account: Account): void;
  /** Whether any server lets it through. */
  works(value: string): boolean;
  /** The key, when the server that the request came to lets it through; counts as a use. */
  accept(value: string, request: Incoming): Key | undefined;
}

export interface StateOptions extends UsageOptions, PropagationOptions {
  readonly clock: Clock;
  /** The keys of a service account go with it alone. */
  readonly deletesWithAccount?: boolean;
}

export function createState(options: StateOptions): OpenAiState {
  const { clock, deletesWithAccount = false } = options;
  const accounts: Account[] = [];
  const now = (): number => Math.floor(clock() / 1000);
  const state: OpenAiState = {
    fails: () => false,
    ...{ scopesOfNewKeys: [], policy: {} },
    project: { id: newId('proj'), name: 'Documents', createdAt: now() },
    defaultProject: { id: newId('proj'), name: 'Default project', createdAt: now() },
    adminKeys: [newAdminKey('Keyturn', now()), { ...newAdminKey('Auditor', now()), readOnly: true }],
    ...{ accounts, inferences: [], deletesWithAccount, now },
    addAccount(project, name, role) {
      const account = { id: newId('svc_acct'), project, name, role, createdAt: now(), deleted: false };
      accounts.push(account);
      return account;
    },
    deleteAccount(account) {
      account.deleted = true;
      for (const key of state.keys) if (key.account === account && !key.deleted) state.deleteKey(key);
    },
    ...keeping(options, () => state.scopesOfNewKeys),
  };
  return state;
}

type Keeping = Pick<OpenAiState, 'keys' | 'addKey' | 'deleteKey' | 'works' | 'accept'>;

function keeping(
  { clock, propagationMs = 0, deletionLagMs = 0, lateEvery = 1, ...usage }: StateOptions,
  scopesOfNewKeys: () => readonly string[],
): Keeping {
  const keys: Key[] = [];
  const working = (value: string, isLate: boolean): Key | undefined =>
    keys.find(
      ({ value: own, deleted, propagatedAt, expiresAt, acceptedUntil }) =>
        own === value &&
        (!isLate || propagatedAt <= clock()) &&
        (expiresAt ?? Infinity) * 1000 > clock() &&
        (!deleted || (isLate && acceptedUntil > clock())),
    );
  return {
    keys,
    addKey({ project, account, settled = false, value, lifetime = null, scopes = scopesOfNewKeys() }, name) {
      const key = {
        value: value ?? newSecret(account ? 'sk-svcacct' : 'sk-proj'),
        expiresAt: lifetime === null ? null : Math.floor(clock() / 1000) + lifetime,
        ...{ id: newId('key'), project, name, account, createdAt: Math.floor(clock() / 1000) },
        ...{ propagatedAt: settled ? 0 : knownAt(clock, propagationMs), scopes },
        ...{ lastUse: createLastUse(clock, usage), deleted: false, acceptedUntil: Number.NEGATIVE_INFINITY },
      };
      keys.push(key);
      return key;
    },
    deleteKey(key) {
      Object.assign(key, { deleted: true, acceptedUntil: knownAt(clock, deletionLagMs) });
    },
    works: (value) => lateness(undefined, { lateEvery }).some((isLate) => working(value, isLate) !== undefined),
    accept(value, request) {
      const [isLate = true] = lateness(request, { lateEvery });
      const key = working(value, isLate);
      key?.lastUse.note({ at: clock() });
      return key;
    },
  };
}

/** Unix seconds of the last use that shows; null when none does. */
export function lastUsedAt({ lastUse }: Key): number | null {
  const use = lastUse.shown();
  return use && Math.floor(use.at / 1000);
}

function newAdminKey(name: string, createdAt: number): AdminKey {
  return { id: newId('key'), value: newSecret('sk-admin'), name, readOnly: false, createdAt, expiresAt: null };
}

function newId(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`;
}

function newSecret(prefix: string): string {
  return `${prefix}-${randomBytes(36).toString('base64url')}`;
}
