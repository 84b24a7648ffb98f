import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import { knownAt, lateness, type PropagationOptions } from '../propagation.js';
import type { Incoming } from '../routes.js';

export const slots = ['Key1', 'Key2'] as const;
export type Slot = (typeof slots)[number];

/** A resource with its two keys: there are never more, and never fewer. */
export interface Account {
  readonly name: string;
  /** Resource id, as the portal shows it. */
  readonly id: string;
  /** Keys are switched off in favor of Entra tokens. */
  localAuthDisabled: boolean;
}

export interface Key {
  readonly account: Account;
  readonly slot: Slot;
  readonly value: string;
  /** Unix milliseconds until which it is still refused. */
  readonly propagatedAt: number;
  /** Unix milliseconds from which it is refused; null while it is in its slot. */
  replacedAt: number | null;
}

/** An app registration and what its role on the account lets it do. */
export interface App {
  readonly clientId: string;
  readonly secret: string;
  readonly actions: readonly string[];
}

interface Token {
  readonly app: App;
  readonly expiresAt: number;
}

/** A document that was handed in to be read. */
export interface Reading {
  /** The key's value. */
  readonly key: string;
  readonly content: Buffer;
  /** Real Unix milliseconds. */
  readonly at: number;
}

export interface AzureState {
  readonly tenant: string;
  readonly account: Account;
  /** Somebody else's resource of the same region: a regional endpoint takes its keys as well. */
  readonly neighbor: Account;
  /** One that may regenerate keys, and one that may only read them. */
  readonly apps: readonly [App, App];
  /** Every key there ever was, oldest first. */
  readonly keys: readonly Key[];
  readonly readings: Reading[];
  /** Documents that it says so of cannot be read. */
  fails: (content: string) => boolean;
  inSlot(account: Account, slot: Slot): Key;
  regenerate(account: Account, slot: Slot): void;
  /** The account's tier: the free one takes one call a second, and so many a month. */
  tier: 'S0' | 'F0' | 'F0 used up';
  /** Which limit of its tier a call exceeds. Counts it. */
  limit(): 'rate' | 'quota' | null;
  /** Whether the data plane lets a value through right now, at the server that a request came to; at any when left out. */
  works(value: string, request?: Incoming): boolean;
  issueToken(app: App): string;
  appOf(token: string): App | 'expired' | null;
}

export interface StateOptions extends PropagationOptions {
  readonly clock: Clock;
}

/** Access tokens live an hour less a second, as Entra's. */
export const tokenSeconds = 3599;

const contributor = ['Microsoft.CognitiveServices/*', 'Microsoft.Authorization/*/read'];
const user = ['Microsoft.CognitiveServices/*/read', 'Microsoft.CognitiveServices/accounts/listkeys/action'];

export function createState({ clock, propagationMs = 0, deletionLagMs = 0, lateEvery = 1 }: StateOptions): AzureState {
  const [account, neighbor] = [newAccount('documents'), newAccount('somebody-elses')];
  const keys: Key[] = [];
  function put(owner: Account, slot: Slot, propagatedAt: number): void {
    keys.push({ account: owner, slot, value: randomBytes(42).toString('hex'), propagatedAt, replacedAt: null });
  }
  function inSlot(owner: Account, slot: Slot): Key {
    const key = keys.findLast((each) => each.account === owner && each.slot === slot);
    if (!key) throw new Error('a slot is never empty');
    return key;
  }
  for (const owner of [account, neighbor]) for (const slot of slots) put(owner, slot, Number.NEGATIVE_INFINITY);
  const limits = limiting(clock);
  return {
    tenant: randomUUID(),
    account,
    neighbor,
    apps: [newApp(contributor), newApp(user)],
    ...{ keys, readings: [], fails: () => false },
    inSlot,
    regenerate(owner, slot) {
      inSlot(owner, slot).replacedAt = knownAt(clock, deletionLagMs);
      put(owner, slot, knownAt(clock, propagationMs));
    },
    works: (value, request) =>
      lateness(request, { lateEvery }).some((isLate) =>
        keys.some((key) => key.value === value && isAccepted(key, clock(), isLate)),
      ),
    get tier() {
      return limits.tier;
    },
    set tier(tier) {
      limits.tier = tier;
    },
    limit: limits.limit,
    ...issuing(clock),
  };
}

function isAccepted({ account, propagatedAt, replacedAt }: Key, now: number, isLate: boolean): boolean {
  const isIn = replacedAt === null || (isLate && replacedAt > now);
  return !account.localAuthDisabled && isIn && (!isLate || propagatedAt <= now);
}

function limiting(clock: Clock): Pick<AzureState, 'tier' | 'limit'> {
  let calledAt = Number.NEGATIVE_INFINITY;
  const limits: Pick<AzureState, 'tier' | 'limit'> = {
    tier: 'S0',
    limit() {
      if (limits.tier === 'S0') return null;
      if (limits.tier !== 'F0') return 'quota';
      const isTooFast = clock() - calledAt < 1000;
      if (!isTooFast) calledAt = clock();
      return isTooFast ? 'rate' : null;
    },
  };
  return limits;
}

function issuing(clock: Clock): Pick<AzureState, 'issueToken' | 'appOf'> {
  const tokens = new Map<string, Token>();
  return {
    issueToken(app) {
      const token = randomBytes(60).toString('base64url');
      tokens.set(token, { app, expiresAt: clock() + tokenSeconds * 1000 });
      return token;
    },
    appOf(token) {
      const known = tokens.get(token);
      if (!known) return null;
      return known.expiresAt > clock() ? known.app : 'expired';
    },
  };
}

function newAccount(name: string): Account {
  const group = `/subscriptions/${randomUUID()}/resourceGroups/documents`;
  return { name, id: `${group}/providers/Microsoft.CognitiveServices/accounts/${name}`, localAuthDisabled: false };
}

function newApp(actions: readonly string[]): App {
  return { clientId: randomUUID(), secret: randomBytes(30).toString('base64url'), actions };
}
