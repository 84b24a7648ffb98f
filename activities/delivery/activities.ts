import type { Store } from '../../src/store/store.js';
import { withDeps } from '../shared/with-deps.js';
import { checkAccess } from './access.js';
import { deliver, forgetEarlier, isDelivered, restore } from './deliveries.js';
import { removeLeftBehind, survey } from './status.js';
import type { Target } from './target.js';

/** Where the values of a credential go besides the engine. */
export interface Deliveries {
  readonly targets: readonly Target[];
  /** The part to deliver unless a target names another. */
  readonly part: string;
  /** Users of the engine's secret get it only by delivery, so the delivered value is the one in use. */
  readonly feedsEngine: boolean;
}

export interface DeliveryDeps {
  readonly store: Store;
  readonly deliveries: (credential: string) => Deliveries;
  /** The process environment. Commands get only a few of its variables. */
  readonly environment: (name: string) => string | undefined;
}

/** Delivers a new value to places besides the engine. */
export function createDeliveryActivities(deps: DeliveryDeps) {
  return withDeps(deps, { deliver, restore, isDelivered, forgetEarlier, survey, removeLeftBehind, checkAccess });
}

export type DeliveryActivities = ReturnType<typeof createDeliveryActivities>;
