import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import type { AccessCheck } from '../shared/access.js';
import type { ProviderSurvey } from '../shared/survey.js';
import { checkAccess } from './access.js';
import { authorizeKey, type Removal, removeKey, removeKeys } from './authorize.js';
import type { SftpConnection } from './client.js';
import { disableKey, enableKey } from './ends.js';
import { generateKeyPair, identifyKey, placeKeyFile, removeKeyFile } from './key-files.js';
import { isOnlyKey } from './others.js';
import { acceptsKey, refusesKey } from './probes.js';
import { survey } from './survey.js';

export interface SftpDeps {
  readonly store: Store;
  /** The account of a credential. */
  readonly account: (credential: string) => Promise<SftpConnection>;
}

/** An account whose authorized_keys accepts several keys, and the files with their private halves. */
export function createSftpActivities(deps: SftpDeps) {
  return {
    /** Generates the version's key pair and stores it before anything is written outside. */
    generateKeyPair: (version: VersionRef): Promise<void> => generateKeyPair(deps, version),

    /** Adds the version's public key to authorized_keys. Idempotent. */
    authorizeKey: (version: VersionRef): Promise<void> => authorizeKey(deps, version),

    /** Comments the version's line of authorized_keys out, which can be undone. Needs fresh proof. */
    disableKey: (version: VersionRef): Promise<void> => disableKey(deps, version),

    /** Restores that line, and waits until the server accepts the key. Idempotent. Refused for a compromised key. */
    enableKey: (version: VersionRef): Promise<void> => enableKey(deps, version),

    /** Removes the version's public key from authorized_keys, enabled or not, found by the key and not by its comment. Needs fresh proof. */
    removeKey: (version: VersionRef): Promise<void> => removeKey(deps, version),

    /** Emergency: removes the public keys of several versions in one step. All of them have to be compromised. */
    removeKeys: (removal: Removal): Promise<void> => removeKeys(deps, removal),

    /** Writes the version's private key into its own file, where the engine's worker can read it. */
    placeKeyFile: (version: VersionRef): Promise<void> => placeKeyFile(deps, version),

    /** Deletes that file. The adopted file stays. Needs fresh proof. */
    removeKeyFile: (version: VersionRef): Promise<void> => removeKeyFile(deps, version),

    /** Whether the server accepts a new connection with the version's key alone. */
    acceptsKey: (version: VersionRef): Promise<Finding> => acceptsKey(deps, version),

    /** Whether the server refuses a new connection with the version's key alone. */
    refusesKey: (version: VersionRef): Promise<Finding> => refusesKey(deps, version),

    /** Whether the server accepts no other key that a document could have used. */
    isOnlyKey: (version: VersionRef): Promise<Finding> => isOnlyKey(deps, version),

    /** Finds an adopted key in its file and in authorized_keys. */
    identifyKey: (version: VersionRef): Promise<void> => identifyKey(deps, version),

    /** State of the account for `keyturn reconcile`. Changes nothing there. */
    survey: (credential: string, quietly?: boolean): Promise<ProviderSurvey> => survey(deps, credential, quietly),

    /** The checks of `keyturn check` on the account. */
    checkAccess: (credential: string): Promise<AccessCheck[]> => checkAccess(deps, credential),
  };
}

export type SftpActivities = ReturnType<typeof createSftpActivities>;
