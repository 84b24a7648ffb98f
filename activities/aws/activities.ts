import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import type { AccessCheck } from '../shared/access.js';
import type { ProviderSurvey } from '../shared/survey.js';
import { checkAccess } from './access.js';
import type { AwsConnection } from './client.js';
import { activateKey, deactivateKey, deleteKey } from './ends.js';
import { createKey, identifyKey } from './keys.js';
import { acceptsKey, refusesKey, writesObject } from './probes.js';
import { survey } from './survey.js';
import { isIdle, sawUse } from './usage.js';

export interface AwsDeps {
  readonly store: Store;
  /** The service user that a credential belongs to. */
  readonly account: (credential: string) => Promise<AwsConnection>;
}

/** A user has at most two access keys, those that are switched off included, and a key has no name. */
export function createAwsActivities(deps: AwsDeps) {
  return {
    /** Makes the version's key and keeps it. Repeatable: what a lost attempt made was not there before it. */
    createKey: (version: VersionRef): Promise<void> => createKey(deps, version),

    /** Whether STS and S3 accept the version's key, several times in a row, as the service user's. Patient while it is young. */
    acceptsKey: (version: VersionRef): Promise<Finding> => acceptsKey(deps, version),

    /** Whether an object can be written, read and deleted with the version's key. */
    writesObject: (version: VersionRef): Promise<Finding> => writesObject(deps, version),

    /** Whether AWS saw the version's key used by somebody besides us. Patient while its data may lag. */
    sawUse: (version: VersionRef): Promise<Finding> => sawUse(deps, version),

    /** Whether the version's key was left unused since the engine switched to the current one. */
    isIdle: (version: VersionRef): Promise<Finding> => isIdle(deps, version),

    /** Switches the version's key off, which can be taken back. Needs fresh proof. */
    deactivateKey: (version: VersionRef): Promise<void> => deactivateKey(deps, version),

    /** Switches it on again and waits until AWS accepts it. */
    activateKey: (version: VersionRef): Promise<void> => activateKey(deps, version),

    /** Whether both STS and S3 refuse the version's key, asked over the whole propagation delay. */
    refusesKey: (version: VersionRef): Promise<Finding> => refusesKey(deps, version),

    /** Deletes the version's key and what attempts to make it left behind. Needs fresh proof. */
    deleteKey: (version: VersionRef): Promise<void> => deleteKey(deps, version),

    /** Finds the adopted key among the service user's, so that it can be attributed later. */
    identifyKey: (version: VersionRef): Promise<void> => identifyKey(deps, version),

    /** What `keyturn reconcile` wants to know of the service user. Changes nothing at AWS. */
    survey: (credential: string, quietly?: boolean): Promise<ProviderSurvey> => survey(deps, credential, quietly),

    /** What `keyturn check` wants to know of the service user. */
    checkAccess: (credential: string): Promise<AccessCheck[]> => checkAccess(deps, credential),
  };
}

export type AwsActivities = ReturnType<typeof createAwsActivities>;
