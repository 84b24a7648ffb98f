import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import type { AccessCheck } from '../shared/access.js';
import type { ProviderSurvey } from '../shared/survey.js';
import { checkAccess } from './access.js';
import type { OpenAiConnection } from './client.js';
import { deleteKey } from './ends.js';
import { createKey, identifyKey } from './keys.js';
import { acceptsKey, refusesKey } from './probes.js';
import { deleteOrphan, survey } from './survey.js';
import { isIdle, sawUse } from './usage.js';

export interface OpenAiDeps {
  readonly store: Store;
  /** The account of a credential. */
  readonly account: (credential: string) => Promise<OpenAiConnection>;
}

/** One service account holds a key per version. */
export function createOpenAiActivities(deps: OpenAiDeps) {
  return {
    /** Creates the version's key and stores it. Idempotent: the orphan of a lost attempt is deleted by its label. */
    createKey: (version: VersionRef): Promise<void> => createKey(deps, version),

    /** Whether OpenAI accepts the version's key. Refusals of a young key are retried. */
    acceptsKey: (version: VersionRef): Promise<Finding> => acceptsKey(deps, version),

    /** Whether OpenAI saw the version's key used by somebody besides us. Retried while its data may lag. */
    sawUse: (version: VersionRef): Promise<Finding> => sawUse(deps, version),

    /** Whether the version's key has been unused since the engine switched to the current one. */
    isIdle: (version: VersionRef): Promise<Finding> => isIdle(deps, version),

    /** Whether OpenAI refuses the version's key, asked over the whole propagation delay. */
    refusesKey: (version: VersionRef): Promise<Finding> => refusesKey(deps, version),

    /** Deletes the version's key and the orphans of its attempts. Needs fresh proof. */
    deleteKey: (version: VersionRef): Promise<void> => deleteKey(deps, version),

    /** Finds the id of an adopted key, so that it can be attributed later. */
    identifyKey: (version: VersionRef): Promise<void> => identifyKey(deps, version),

    /** State of the account for `keyturn reconcile`. Changes nothing at OpenAI. */
    survey: (credential: string, quietly?: boolean): Promise<ProviderSurvey> => survey(deps, credential, quietly),

    /** Deletes an orphan with our label, while `version` is proved to be in force. */
    deleteOrphan: (orphan: { version: VersionRef; id: string }): Promise<void> => deleteOrphan(deps, orphan),

    /** The checks of `keyturn check` on the account. */
    checkAccess: (credential: string): Promise<AccessCheck[]> => checkAccess(deps, credential),
  };
}

export type OpenAiActivities = ReturnType<typeof createOpenAiActivities>;
