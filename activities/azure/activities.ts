import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import type { AccessCheck } from '../shared/access.js';
import type { ProviderSurvey } from '../shared/survey.js';
import { checkAccess } from './access.js';
import type { AzureConnection, Slot } from './client.js';
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
  return {
    /** Whether the key that the version would replace has no user. */
    otherIsFree: (version: VersionRef): Promise<Finding> => otherIsFree(deps, version),

    /** Regenerates the idle key and stores it. Idempotent: the result of a lost attempt is read. */
    createKey: (version: VersionRef): Promise<void> => createKey(deps, version),

    /** Whether the data plane accepts the version's key. Refusals of a young key are retried. */
    acceptsKey: (version: VersionRef): Promise<Finding> => acceptsKey(deps, version),

    /** Whether the data plane refuses the version's key, asked over the whole propagation delay. */
    refusesKey: (version: VersionRef): Promise<Finding> => refusesKey(deps, version),

    /** Regenerates the slot that holds the version's key and stores the new key as the spare. Needs fresh proof. */
    regenerateKey: (version: VersionRef): Promise<void> => regenerateKey(deps, version),

    /** Regenerates a slot whatever it holds. For emergencies: every live version has to be compromised. */
    regenerateSlot: (target: { version: VersionRef; slot: Slot }): Promise<void> => regenerateSlot(deps, target),

    /** Finds out which of the two keys an adopted value is, and stores the other one. */
    identifyKey: (version: VersionRef): Promise<void> => identifyKey(deps, version),

    /** State of the account for `keyturn reconcile`. Changes nothing at Azure. */
    survey: (credential: string, quietly?: boolean): Promise<ProviderSurvey> => survey(deps, credential, quietly),

    /** The checks of `keyturn check` on the account. */
    checkAccess: (credential: string): Promise<AccessCheck[]> => checkAccess(deps, credential),
  };
}

export type AzureActivities = ReturnType<typeof createAzureActivities>;
