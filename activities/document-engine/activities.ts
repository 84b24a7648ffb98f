import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import type { AccessCheck } from '../shared/access.js';
import type { EngineSurvey, ProviderSurvey } from '../shared/survey.js';
import { checkAccess } from './access.js';
import type { DocumentEngineConnection, Verbs } from './client.js';
import { displace, expireOthers } from './containment.js';
import { checkDeep, type DeepCheck } from './deep.js';
import { processTestDocument } from './documents.js';
import { requireKept } from './environment.js';
import { generate } from './generate.js';
import { accepts, refuses } from './probes.js';
import { addSecret, dropSpare, expireSecret, identifySecret, isListed } from './secrets.js';
import { isIdle, sawUse } from './signer.js';
import { makeCurrent, type Succession } from './succession.js';
import { survey } from './survey.js';

export interface DocumentEngineDeps {
  readonly store: Store;
  readonly verbs: Verbs;
  /** The engine of a credential. */
  readonly engine: (credential: string) => Promise<DocumentEngineConnection>;
}

/** Document Engine as provider and engine: it issues and uses its own secrets. */
export function createDocumentEngineActivities(deps: DocumentEngineDeps) {
  return {
    /** Throws when a restart would bring back the environment's secrets. Sends no request to the engine. */
    requireKept: (version: VersionRef): Promise<void> => requireKept(deps, version),

    /** Generates the version's value and stores it before anything is sent. */
    generate: (version: VersionRef): Promise<void> => generate(deps, version),

    /** Adds the version's value beside the current secret, or renews an added one. Idempotent: it reads the list first. */
    addSecret: (version: VersionRef): Promise<void> => addSecret(deps, version),

    /** Makes the version's value the current secret; the former one stays valid beside it. Needs fresh proof. */
    makeCurrent: (succession: Succession): Promise<void> => makeCurrent(deps, succession),

    /** Ends every secret known to hold the version's value. Needs fresh proof. */
    expireSecret: (version: VersionRef): Promise<void> => expireSecret(deps, version),

    /** Ends the version's added secret, once the version is the current one. */
    dropSpare: (version: VersionRef): Promise<void> => dropSpare(deps, version),

    /** Emergency: a new throwaway value becomes the current secret. */
    displace: (version: VersionRef): Promise<void> => displace(deps, version),

    /** Emergency: ends every secret but the current one and those of the version. */
    expireOthers: (version: VersionRef): Promise<void> => expireOthers(deps, version),

    /** Whether the engine lists the version's secret, and its current secret is a known one. */
    isListed: (version: VersionRef): Promise<Finding> => isListed(deps, version),

    /** Whether the engine accepts the version's value. Of a base only its entry in the list and the engine's builds are observable. */
    accepts: (version: VersionRef): Promise<Finding> => accepts(deps, version),

    /** Whether the engine refuses the version's value. Few requests with a wrong password: they may count as attacks. */
    refuses: (version: VersionRef): Promise<Finding> => refuses(deps, version),

    /** Whether the application that signs tokens does so with the version's key. */
    sawUse: (version: VersionRef): Promise<Finding> => sawUse(deps, version),

    /** Whether every token that was signed with the version's key has expired. */
    isIdle: (version: VersionRef): Promise<Finding> => isIdle(deps, version),

    /** Whether a document can be uploaded, viewed and deleted. Idempotent, since the document has an id of our own. */
    processTestDocument: (version: VersionRef): Promise<Finding> => processTestDocument(deps, version),

    /** Records the id of the current secret, which an adopted value is asserted to be. */
    identifySecret: (version: VersionRef): Promise<void> => identifySecret(deps, version),

    /** State of the engine for `keyturn reconcile`. Changes nothing. */
    survey: (credential: string): Promise<ProviderSurvey & EngineSurvey> => survey(deps, credential),

    /** Finds out for `keyturn check --deep` how the engine behaves, with throwaway values. */
    checkDeep: (wanted: DeepCheck): Promise<AccessCheck[]> => checkDeep(deps, wanted),

    /** The checks of `keyturn check` on the engine. */
    checkAccess: (credential: string): Promise<AccessCheck[]> => checkAccess(deps, credential),
  };
}

export type DocumentEngineActivities = ReturnType<typeof createDocumentEngineActivities>;
