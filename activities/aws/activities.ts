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
  /** The service user of a credential. */
  readonly account: (credential: string) => Promise<AwsConnection>;
}

/** A user has at most two access keys, including inactive ones, and a key has no name. */
export function createAwsActivities(deps: AwsDeps) {
  return {
    /** Creates the version's key and stores it. Idempotent: the orphan of a lost attempt is a key that was not listed before it. */
    createKey: (version: VersionRef): Promise<void> => createKey(deps, version),

    /** Whether STS and S3 accept the version's key as the service user's, several consecutive times. Refusals of a young key are retried. */
    acceptsKey: (version: VersionRef): Promise<Finding> => acceptsKey(deps, version),

    /** Whether an object can be written, read and deleted with the version's key. */
    writesObject: (version: VersionRef): Promise<Finding> => writesObject(deps, version),

    /** Whether AWS saw the version's key used by somebody besides us. Retried while its data may lag. */
    sawUse: (version: VersionRef): Promise<Finding> => sawUse(deps, version),

    /** Whether the version's key has been unused since the engine switched to the current one. */
    isIdle: (version: VersionRef): Promise<Finding> => isIdle(deps, version),

    /** Deactivates the version's key, which can be undone. Needs fresh proof. */
    deactivateKey: (version: VersionRef): Promise<void> => deactivateKey(deps, version),

    /** Activates the version's key again and waits until AWS accepts it. */
    activateKey: (version: VersionRef): Promise<void> => activateKey(deps, version),

    /** Whether both STS and S3 refuse the version's key, asked over the whole propagation delay. */
    refusesKey: (version: VersionRef): Promise<Finding> => refusesKey(deps, version),

    /** Deletes the version's key and the orphans of its attempts. Needs fresh proof. */
    deleteKey: (version: VersionRef): Promise<void> => deleteKey(deps, version),

    /** Finds the adopted key among the service user's keys, so that it can be attributed later. */
    identifyKey: (version: VersionRef): Promise<void> => identifyKey(deps, version),

    /** State of the service user for `keyturn reconcile`. Changes nothing at AWS. */
    survey: (credential: string, quietly?: boolean): Promise<ProviderSurvey> => survey(deps, credential, quietly),

    /** The checks of `keyturn check` on the service user. */
    checkAccess: (credential: string): Promise<AccessCheck[]> => checkAccess(deps, credential),
  };
}

export type AwsActivities = ReturnType<typeof createAwsActivities>;
