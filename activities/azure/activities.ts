import type { Store } from '../../src/store/store.js';
import { withDeps } from '../shared/with-deps.js';
import { checkAccess } from './access.js';
import type { AzureConnection } from './client.js';
import { createKey, identifyKey, otherIsFree, regenerateKey, regenerateSlot } from './keys.js';
import { acceptsKey, refusesKey } from './probes.js';
import { survey } from './survey.js';

export interface AzureDeps {
  readonly store: Store;
  /** The account of a credential. */
  readonly account: (credential: string) => Promise<AzureConnection>;
}

/** An account has two keys, and both always work: one is in use, the other is idle. */
export function createAzureActivities(deps: AzureDeps) {
  return withDeps(deps, {
    ...{ otherIsFree, createKey, regenerateKey, regenerateSlot, identifyKey },
    ...{ acceptsKey, refusesKey, survey, checkAccess },
  });
}

export type AzureActivities = ReturnType<typeof createAzureActivities>;
