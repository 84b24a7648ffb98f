import type { Arrival } from '../arrival.js';
import { type Incoming, router, type Routes } from '../routes.js';
import type { PropagationOptions } from '../propagation.js';
import { type LabOptions, type LabServer, serve } from '../server.js';
import { documentRoutes } from './documents.js';
import { entraRoutes } from './entra.js';
import { managementRoutes } from './management.js';
import { type AzureState, createState, type Slot } from './state.js';

export interface AzureLabOptions extends LabOptions, PropagationOptions {}

/** A key as Azure sees it, value included. */
export interface AzureLabKey {
  readonly value: string;
  readonly slot: Slot;
  /** Whether it is still in its slot. */
  readonly live: boolean;
  /** Keyturn regenerated it. */
  readonly ours: boolean;
}

/** The app registration that Keyturn signs in with. */
export interface AzureLabApp {
  readonly clientId: string;
  readonly secret: string;
}

export interface AzureLab extends LabServer {
  readonly tenant: string;
  /** Resource id of the account. */
  readonly account: string;
  /** May list and regenerate the account's keys. */
  readonly app: AzureLabApp;
  /** May list keys but not regenerate them, like the role Cognitive Services User. */
  readonly readOnlyApp: AzureLabApp;
  /** A key of another account in the region, which the data plane accepts as well. */
  readonly neighborsKey: string;
  /** Every key the account ever had, oldest first. */
  keys(): AzureLabKey[];
  inSlot(slot: Slot): string;
  /** Answers documents for which `fails` is true with a server error. */
  failFor(fails: (content: string) => boolean): void;
  /** Every document sent with a working key, in order. */
  arrivals(): readonly Arrival[];
  /** Whether the data plane accepts a value right now. */
  works(value: string): boolean;
  /** The account's keys that the data plane accepts right now. */
  working(): string[];
  /** A person regenerates a key in the portal. */
  regenerateByHand(slot: Slot): void;
  /** Moves the account to another tier. The free tier allows one call a second and a monthly quota. */
  moveTo(tier: AzureState['tier']): void;
  /** A person disables keys in favor of Entra tokens. */
  disableKeys(): void;
}

/** Every route of the lab. */
export function azureRoutes(state: AzureState): Routes<Incoming> {
  return { ...entraRoutes(state), ...managementRoutes(state), ...documentRoutes(state) };
}

/** Entra's token endpoint, a Document Intelligence account in Azure's management API, and its data plane, on one address. */
export async function startAzureLab(options: AzureLabOptions = {}): Promise<AzureLab> {
  const state = createState({ clock: Date.now, ...options });
  const route = router(azureRoutes(state), () => ({
    status: 404,
    body: { error: { code: '404', message: 'Resource not found' } },
  }));
  const server = await serve(route, options);
  const { account, neighbor, tenant } = state;
  const [app, readOnlyApp] = state.apps;
  const own = () => state.keys.filter((key) => key.account === account);
  return {
    ...server,
    ...{ tenant, account: account.id, app, readOnlyApp },
    neighborsKey: state.inSlot(neighbor, 'Key1').value,
    keys: () =>
      own().map(({ value, slot, deleted, madeBy }) => ({
        ...{ value, slot, live: !deleted, ours: madeBy === 'a program' },
      })),
    inSlot: (slot) => state.inSlot(account, slot).value,
    arrivals: () => state.arrivals,
    failFor: (fails) => void (state.fails = fails),
    works: (value) => state.works(value),
    working: () =>
      own()
        .map(({ value }) => value)
        .filter((value) => state.works(value)),
    regenerateByHand: (slot) => state.regenerate(account, slot, 'a person'),
    moveTo: (tier) => void (state.tier = tier),
    disableKeys: () => void (account.localAuthDisabled = true),
  };
}
