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
  return {
    /** Writes the version's value to every configured place. The earlier content is kept beside it. */
    deliver: (version: VersionRef): Promise<void> => deliver(deps, version),

    /** Restores the content from before the version, unless somebody has changed it since. */
    restore: (version: VersionRef): Promise<void> => restore(deps, version),

    /** Whether every place still holds the version's value. */
    isDelivered: (version: VersionRef): Promise<Finding> => isDelivered(deps, version),

    /** Deletes the kept content from before the version. */
    forgetEarlier: (version: VersionRef): Promise<void> => forgetEarlier(deps, version),

    /** The content of every place, for `keyturn status` and `keyturn reconcile`. Changes nothing. */
    survey: (credential: string): Promise<DeliveryStatus[]> => survey(deps, credential),

    /** Removes the temporary files of killed deliveries. */
    removeLeftBehind: (version: VersionRef): Promise<void> => removeLeftBehind(deps, version),

    /** The checks of `keyturn check` on places and programs. Changes nothing. */
    checkAccess: (credential: string): Promise<AccessCheck[]> => checkAccess(deps, credential),
  };
}

export type DeliveryActivities = ReturnType<typeof createDeliveryActivities>;
