import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import { createLastUse, type LastUse, type UsageOptions } from '../last-use.js';
import { createPropagation, type Propagated, type PropagationOptions } from '../propagation.js';
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
  /** `none` has no access to the project. Lists leave out its keys unless the request asks for them. */
  readonly role: 'member' | 'none';
  readonly createdAt: number;
  deleted: boolean;
}

export interface Key extends Propagated {
  readonly id: string;
  readonly value: string;
  readonly project: string;
  readonly name: string;
  /** Null for a key that belongs to a person. */
  readonly account: Account | null;
  readonly createdAt: number;
  /** When it expires, Unix seconds; null when it never does. */
  expiresAt: number | null;
  /** Its permissions; empty means all. */
  scopes: readonly string[];
  readonly lastUse: LastUse<{ readonly at: number }>;
}

/** A chat or embedding request with a working key. */
export interface Inference {
  /** Id of the key. */
  readonly key: string;
  /** The whole request body, which shows which document it was about. */
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
  /** When it expires, Unix seconds; null when it never does. */
  expiresAt: number | null;
}

export interface Owner {
  readonly project: string;
  /** Null for a person. */
  readonly account: Account | null;
  /** Accepted at once by all servers, like a key created long ago. */
  readonly propagated?: boolean;
  /** A given value; random when left out. */
  readonly value?: string;
  /** Seconds until it expires; left out, it never does. */
  readonly lifetime?: number | null | undefined;
  /** Its permissions; left out, the default of new keys. */
  readonly scopes?: readonly string[] | undefined;
}

/** The organization's policy for new keys. */
export interface Policy {
  /** Every new key must expire within this many seconds. */
  readonly longestSeconds?: number;
  /** Service accounts get no new keys. */
  readonly noKeys?: true;
}

/** The data of the organization. Deleted items stay and are only marked, because a cursor may name one. */
export interface OpenAiState {
  /** Requests for which this returns true are answered with a server error. */
  fails: (asked: string) => boolean;
  policy: Policy;
  /** Permissions of new keys that request none. */
  scopesOfNewKeys: readonly string[];
  readonly project: Project;
  readonly defaultProject: Project;
  /** A key with all permissions, and one that may only read. */
  readonly adminKeys: readonly [AdminKey, AdminKey];
  readonly accounts: readonly Account[];
  readonly keys: readonly Key[];
  readonly inferences: Inference[];
  readonly deletesWithAccount: boolean;
  /** Unix seconds, the resolution of all the vendor's times. */
  now(): number;
  addAccount(project: string, name: string, role: Account['role']): Account;
  addKey(owner: Owner, name: string): Key;
  deleteKey(key: Key): void;
  /** Deletes an account and all its keys. */
  deleteAccount(account: Account): void;
  /** Whether any server accepts it. */
  works(value: string): boolean;
  /** The key, if the server that received the request accepts it. Counts as a use. */
  accept(value: string, request: Incoming): Key | undefined;
}

export interface StateOptions extends UsageOptions, PropagationOptions {
  readonly clock: Clock;
  /** A service account's keys can be deleted only together with it. */
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

function keeping(options: StateOptions, scopesOfNewKeys: () => readonly string[]): Keeping {
  const { clock } = options;
  const propagation = createPropagation(clock, options);
  const keys: Key[] = [];
  const working = (value: string, request?: Incoming): Key | undefined =>
    keys.find(
      (key) => key.value === value && (key.expiresAt ?? Infinity) * 1000 > clock() && propagation.accepts(key, request),
    );
  return {
    keys,
    addKey({ project, account, propagated = false, value, lifetime = null, scopes = scopesOfNewKeys() }, name) {
      const key = {
        value: value ?? newSecret(account ? 'sk-svcacct' : 'sk-proj'),
        expiresAt: lifetime === null ? null : Math.floor(clock() / 1000) + lifetime,
        ...{ id: newId('key'), project, name, account, createdAt: Math.floor(clock() / 1000) },
        ...{ scopes, lastUse: createLastUse(clock, options), ...propagation.begin(propagated) },
      };
      keys.push(key);
      return key;
    },
    deleteKey: (key) => propagation.end(key),
    works: (value) => working(value) !== undefined,
    accept(value, request) {
      const key = working(value, request);
      key?.lastUse.note({ at: clock() });
      return key;
    },
  };
}

/** Unix seconds of the last visible use; null when none is visible. */
export function lastUsedAt({ lastUse }: Key): number | null {
  const use = lastUse.visible();
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
