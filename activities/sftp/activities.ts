import type { Store } from '../../src/store/store.js';
import { withDeps } from '../shared/with-deps.js';
import { checkAccess } from './access.js';
import { authorizeKey, disableKey, enableKey, removeKey, removeKeys } from './authorize.js';
import type { SftpConnection } from './client.js';
import { generateKeyPair, identifyKey, placeKeyFile, removeKeyFile } from './key-files.js';
import { acceptsKey, isOnlyKey, refusesKey } from './probes.js';
import { survey } from './survey.js';

export interface SftpDeps {
  readonly store: Store;
  /** The account of a credential. */
  readonly account: (credential: string) => Promise<SftpConnection>;
}

/** An account whose authorized_keys accepts several keys, and the files with their private halves. */
export function createSftpActivities(deps: SftpDeps) {
  return withDeps(deps, {
    ...{ generateKeyPair, authorizeKey, disableKey, enableKey, removeKey, removeKeys },
    ...{ placeKeyFile, removeKeyFile, identifyKey },
    ...{ acceptsKey, refusesKey, isOnlyKey, survey, checkAccess },
  });
}

export type SftpActivities = ReturnType<typeof createSftpActivities>;
