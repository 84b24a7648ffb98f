import { randomBytes, randomUUID } from 'node:crypto';
import type { Arrival } from '../arrival.js';
import type { Clock } from '../clock.js';
import { createPropagation, type Propagated, type PropagationOptions } from '../propagation.js';
import type { Incoming } from '../routes.js';

export const slots = ['Key1', 'Key2'] as const;
export type Slot = (typeof slots)[number];

export type Maker = 'a person' | 'a program';

/** A resource, which always has exactly two keys. */
export interface Account {
  readonly name: string;
  /** Resource id, as the portal shows it. */
  readonly id: string;
  /** Keys are disabled in favor of Entra tokens. */
  localAuthDisabled: boolean;
}

/** A key is deleted when another one is in its slot. */
export interface Key extends Propagated {
  readonly account: Account;
  readonly slot: Slot;
  readonly value: string;
  /** Who regenerated it; null for a first one. */
  readonly madeBy: Maker | null;
}

/** An app registration, with the actions that its role on the account allows. */
export interface App {
  readonly clientId: string;
  readonly secret: string;
  readonly actions: readonly string[];
}

interface Token {
  readonly app: App;
  readonly expiresAt: number;
}

export interface AzureState {
  readonly tenant: string;
  readonly account: Account;
  /** Another customer's resource in the same region. A regional endpoint accepts its keys as well. */
  readonly neighbor: Account;
  /** One app that may regenerate keys, and one that may only read them. */
  readonly apps: readonly [App, App];
  /** Every key ever created, oldest first. */
  readonly keys: readonly Key[];
  /** Documents sent for analysis. */
  readonly arrivals: Arrival[];
  /** Documents for which this returns true cannot be read. */
  fails: (content: string) => boolean;
  inSlot(account: Account, slot: Slot): Key;
  regenerate(account: Account, slot: Slot, by: Maker): void;
  /** The account's tier. The free tier allows one call a second and a monthly quota. */
  tier: 'S0' | 'F0' | 'F0 used up';
  /** Counts a call, and returns which limit of the tier it exceeds. */
  limit(): 'rate' | 'quota' | null;
  /** Whether the data plane accepts a value right now at the server that received `request`, or at any server when that is left out. */
  works(value: string, request?: Incoming): boolean;
  issueToken(app: App): string;
  appOf(token: string): App | 'expired' | null;
}

export interface StateOptions extends PropagationOptions {
  readonly clock: Clock;
}

/** Lifetime of access tokens: one second less than an hour, as at Entra. */
export const tokenSeconds = 3599;

const contributor = ['Microsoft.CognitiveServices/*', 'Microsoft.Authorization/*/read'];
const user = ['Microsoft.CognitiveServices/*/read', 'Microsoft.CognitiveServices/accounts/listkeys/action'];

export function createState(options: StateOptions): AzureState {
  const { clock } = options;
  const propagation = createPropagation(clock, options);
  const [account, neighbor] = [newAccount('documents'), newAccount('somebody-elses')];
  const keys: Key[] = [];
  function put(account: Account, slot: Slot, madeBy: Maker | null): void {
    keys.push({ account, slot, madeBy, value: randomBytes(42).toString('hex'), ...propagation.begin(madeBy === null) });
  }
  function inSlot(owner: Account, slot: Slot): Key {
    const key = keys.findLast((each) => each.account === owner && each.slot === slot);
    if (!key) throw new Error('a slot is never empty');
    return key;
  }
  for (const owner of [account, neighbor]) for (const slot of slots) put(owner, slot, null);
  const limits = limiting(clock);
  return {
    tenant: randomUUID(),
    account,
    neighbor,
    apps: [newApp(contributor), newApp(user)],
    ...{ keys, arrivals: [], fails: () => false },
    inSlot,
    regenerate(owner, slot, madeBy) {
      propagation.end(inSlot(owner, slot));
      put(owner, slot, madeBy);
    },
    works: (value, request) =>
      keys.some((key) => key.value === value && !key.account.localAuthDisabled && propagation.accepts(key, request)),
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
