import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import { createLastUse, type LastUse, type UsageOptions } from '../last-use.js';

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
  readonly settledAt: number;
  /** It may list models and nothing else. */
  restricted: boolean;
  readonly lastUse: LastUse<{ readonly at: number }>;
  deleted: boolean;
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
}

export interface Owner {
  readonly project: string;
  /** Null for a person. */
  readonly account: Account | null;
  /** Accepted at once, as one that was made long ago. */
  readonly settled?: boolean;
  /** Somebody chose it; a random one when left out. */
  readonly value?: string;
}

/** What the organization holds. Deleted things stay, marked, so that a cursor that names one still works. */
export interface OpenAiState {
  /** What it says so of is answered with a server error. */
  fails: (asked: string) => boolean;
  /** What is made from now on may list models and nothing else. */
  newKeysRestricted: boolean;
  readonly project: Project;
  readonly defaultProject: Project;
  /** One that may do everything, and one that may only read. */
  readonly adminKeys: readonly [AdminKey, AdminKey];
  readonly accounts: readonly Account[];
  readonly keys: readonly Key[];
  readonly inferences: Inference[];
  /** Unix seconds, the resolution of every time the vendor gives. */
  now(): number;
  addAccount(project: string, name: string, role: Account['role']): Account;
  addKey(owner: Owner, name: string): Key;
  /** Deletes an account and so every key it has. */
  deleteAccount(account: Account): void;
  works(value: string): boolean;
  /** The key, when it works; counts as a use. */
  accept(value: string): Key | undefined;
}

export interface StateOptions extends UsageOptions {
  readonly clock: Clock;
  /** How long a new key is still refused, in milliseconds by the clock. */
  readonly settlingMs: number;
}

export function createState({ clock, settlingMs, ...usage }: StateOptions): OpenAiState {
  const accounts: Account[] = [];
  const keys: Key[] = [];
  const now = (): number => Math.floor(clock() / 1000);
  const working = (value: string): Key | undefined =>
    keys.find((key) => key.value === value && !key.deleted && key.settledAt <= clock());
  function addKey({ project, account, settled = false, value: chosen }: Owner, name: string): Key {
    const value = chosen ?? newSecret(account ? 'sk-svcacct' : 'sk-proj');
    const settledAt = settled ? 0 : clock() + settlingMs;
    const made = { id: newId('key'), value, project, name, account, createdAt: now(), settledAt };
    const key = { ...made, restricted: state.newKeysRestricted, ...unused(clock, usage) };
    keys.push(key);
    return key;
  }
  const state: OpenAiState = {
    fails: () => false,
    newKeysRestricted: false,
    project: { id: newId('proj'), name: 'Documents', createdAt: now() },
    defaultProject: { id: newId('proj'), name: 'Default project', createdAt: now() },
    adminKeys: [newAdminKey('Keyturn', now()), { ...newAdminKey('Auditor', now()), readOnly: true }],
    ...{ accounts, keys, inferences: [], now },
    addAccount(project, name, role) {
      const account = { id: newId('svc_acct'), project, name, role, createdAt: now(), deleted: false };
      accounts.push(account);
      return account;
    },
    addKey,
    deleteAccount(account) {
      account.deleted = true;
      for (const key of keys) key.deleted ||= key.account === account;
    },
    works: (value) => working(value) !== undefined,
    accept(value) {
      const key = working(value);
      key?.lastUse.note({ at: clock() });
      return key;
    },
  };
  return state;
}

function unused(clock: Clock, usage: UsageOptions): Pick<Key, 'lastUse' | 'deleted'> {
  return { lastUse: createLastUse(clock, usage), deleted: false };
}

/** Unix seconds of the last use that shows; null when none does. */
export function lastUsedAt({ lastUse }: Key): number | null {
  const use = lastUse.shown();
  return use && Math.floor(use.at / 1000);
}

function newAdminKey(name: string, createdAt: number): AdminKey {
  return { id: newId('key'), value: newSecret('sk-admin'), name, readOnly: false, createdAt };
}

function newId(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`;
}

function newSecret(prefix: string): string {
  return `${prefix}-${randomBytes(36).toString('base64url')}`;
}
