import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import type { AccessCheck } from '../shared/access.js';
import { checkAccess } from './access.js';
import { deliver, forgetEarlier, isDelivered, restore } from './deliveries.js';
import { removeLeftBehind, type DeliveryStatus, survey } from './status.js';
import type { Target } from './target.js';

/** Where the values of a credential go besides the engine. */
export interface Deliveries {
  readonly targets: readonly Target[];
  /** The part that goes there unless a target names another. */
  readonly part: string;
  /** Whoever uses the engine's secret gets it here, so what stands here is what the engine is used with. */
  readonly feedsEngine: boolean;
}

export interface DeliveryDeps {
  readonly store: Store;
  readonly deliveries: (credential: string) => Deliveries;
  /** The process environment, of which commands get to see a little. */
  readonly environment: (name: string) => string | undefined;
}

/** A new value put where it must go besides the engine. */
export function createDeliveryActivities(deps: DeliveryDeps) {
  return {
    /** Puts the version's value wherever the configuration says. What stood there is kept beside it. */
    deliver: (version: VersionRef): Promise<void> => deliver(deps, version),

    /** Puts back what stood there before the version came, unless somebody has changed it since. */
    restore: (version: VersionRef): Promise<void> => restore(deps, version),

    /** Whether the version's value stands wherever we put it. */
    isDelivered: (version: VersionRef): Promise<Finding> => isDelivered(deps, version),

    /** Deletes what was kept of what stood there before the version. */
    forgetEarlier: (version: VersionRef): Promise<void> => forgetEarlier(deps, version),

    /** What stands wherever values of the credential go: for `keyturn status` and `keyturn reconcile`. Changes nothing. */
    survey: (credential: string): Promise<DeliveryStatus[]> => survey(deps, credential),

    /** Removes what deliveries left behind that were killed. */
    removeLeftBehind: (version: VersionRef): Promise<void> => removeLeftBehind(deps, version),

    /** What `keyturn check` wants to know of the places and programs. Changes nothing. */
    checkAccess: (credential: string): Promise<AccessCheck[]> => checkAccess(deps, credential),
  };
}

export type DeliveryActivities = ReturnType<typeof createDeliveryActivities>;
