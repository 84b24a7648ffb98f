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
  /** The account that a credential belongs to. */
  readonly account: (credential: string) => Promise<SftpConnection>;
}

/** An account whose authorized_keys lets several keys in, and the files that hold their private halves. */
export function createSftpActivities(deps: SftpDeps) {
  return {
    /** Makes the version's key pair and keeps it, before anybody outside gets it. */
    generateKeyPair: (version: VersionRef): Promise<void> => generateKeyPair(deps, version),

    /** Adds the version's public key to authorized_keys, unless it is there. */
    authorizeKey: (version: VersionRef): Promise<void> => authorizeKey(deps, version),

    /** Comments the version's line of authorized_keys out, which can be taken back. Needs fresh proof. */
    disableKey: (version: VersionRef): Promise<void> => disableKey(deps, version),

    /** Puts that line back as it was, and waits until the server lets the key in. Repeatable, and never for a compromised one. */
    enableKey: (version: VersionRef): Promise<void> => enableKey(deps, version),

    /** Removes the version's public key from authorized_keys, switched off or not, by the key and not by its name. Needs fresh proof. */
    removeKey: (version: VersionRef): Promise<void> => removeKey(deps, version),

    /** Emergency: removes the public keys of several versions in one step. All of them have to be compromised. */
    removeKeys: (removal: Removal): Promise<void> => removeKeys(deps, removal),

    /** Puts the version's private key into a file of its own, where the engine's worker can read it. */
    placeKeyFile: (version: VersionRef): Promise<void> => placeKeyFile(deps, version),

    /** Deletes that file again. The adopted one stays. Needs fresh proof. */
    removeKeyFile: (version: VersionRef): Promise<void> => removeKeyFile(deps, version),

    /** Whether a new connection with the version's key alone is let in. */
    acceptsKey: (version: VersionRef): Promise<Finding> => acceptsKey(deps, version),

    /** Whether a new connection with the version's key alone is turned away. */
    refusesKey: (version: VersionRef): Promise<Finding> => refusesKey(deps, version),

    /** Whether the server lets in no other key that a document could have come with. */
    isOnlyKey: (version: VersionRef): Promise<Finding> => isOnlyKey(deps, version),

    /** Finds an adopted key in its file and in authorized_keys. */
    identifyKey: (version: VersionRef): Promise<void> => identifyKey(deps, version),

    /** What `keyturn reconcile` wants to know of the account. Changes nothing there. */
    survey: (credential: string, quietly?: boolean): Promise<ProviderSurvey> => survey(deps, credential, quietly),

    /** What `keyturn check` wants to know of the account. */
    checkAccess: (credential: string): Promise<AccessCheck[]> => checkAccess(deps, credential),
  };
}

export type SftpActivities = ReturnType<typeof createSftpActivities>;
