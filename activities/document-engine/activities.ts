import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import type { AccessCheck } from '../shared/access.js';
import type { EngineSurvey, ProviderSurvey } from '../shared/survey.js';
import { checkAccess } from './access.js';
import { isGone, isInForce } from './base.js';
import type { DocumentEngineConnection, Verbs } from './client.js';
import { displace, expireOthers } from './containment.js';
import { checkDeep, type DeepCheck } from './deep.js';
import { processTestDocument } from './documents.js';
import { requireKept } from './environment.js';
import { generate } from './generate.js';
import { acceptsKey, acceptsPassword, refusesKey, refusesPassword } from './probes.js';
import { addSecret, dropSpare, expireSecret, identifySecret, isListed } from './secrets.js';
import { isIdle, sawUse } from './signer.js';
import { makeCurrent, type Succession } from './succession.js';
import { survey } from './survey.js';

export interface DocumentEngineDeps {
  readonly store: Store;
  readonly verbs: Verbs;
  /** The engine that a credential belongs to. */
  readonly engine: (credential: string) => Promise<DocumentEngineConnection>;
}

/** Document Engine as the issuer and the user of its own secrets. */
export function createDocumentEngineActivities(deps: DocumentEngineDeps) {
  return {
    /** Refuses to go on where a restart would bring back the environment's secrets. Asks the engine nothing. */
    requireKept: (version: VersionRef): Promise<void> => requireKept(deps, version),

    /** Makes the version's value and keeps it, before anybody outside gets it. */
    generate: (version: VersionRef): Promise<void> => generate(deps, version),

    /** Adds the version's value beside the current secret, or renews what was added. Repeatable: a list comes first. */
    addSecret: (version: VersionRef): Promise<void> => addSecret(deps, version),

    /** Makes the version's value the current secret; the former one goes on beside it. Needs fresh proof. */
    makeCurrent: (succession: Succession): Promise<void> => makeCurrent(deps, succession),

    /** Ends every secret known to hold the version's value. Needs fresh proof. */
    expireSecret: (version: VersionRef): Promise<void> => expireSecret(deps, version),

    /** Ends what was added for the version beside the current secret, once it is the current one. */
    dropSpare: (version: VersionRef): Promise<void> => dropSpare(deps, version),

    /** Emergency: a value that nobody holds becomes the current secret. */
    displace: (version: VersionRef): Promise<void> => displace(deps, version),

    /** Emergency: ends every secret but the current one and those of the version. */
    expireOthers: (version: VersionRef): Promise<void> => expireOthers(deps, version),

    /** Whether the engine lists the version's secret, and a current one that we know. */
    isListed: (version: VersionRef): Promise<Finding> => isListed(deps, version),

    /** Whether the engine accepts a token signed with the version's key. */
    acceptsKey: (version: VersionRef): Promise<Finding> => acceptsKey(deps, version),

    /** Whether the engine refuses a token signed with the version's key. */
    refusesKey: (version: VersionRef): Promise<Finding> => refusesKey(deps, version),

    /** Whether the dashboard accepts the version's password. */
    acceptsPassword: (version: VersionRef): Promise<Finding> => acceptsPassword(deps, version),

    /** Whether the dashboard refuses the version's password. One question with it: refusals may count as attacks. */
    refusesPassword: (version: VersionRef): Promise<Finding> => refusesPassword(deps, version),

    /** Whether the engine lists the version and is well: all that can be seen of a base. */
    isInForce: (version: VersionRef): Promise<Finding> => isInForce(deps, version),

    /** Whether the engine lists the version no more: all that can be seen of the end of a base. */
    isGone: (version: VersionRef): Promise<Finding> => isGone(deps, version),

    /** Whether the application that signs tokens does so with the version's key. */
    sawUse: (version: VersionRef): Promise<Finding> => sawUse(deps, version),

    /** Whether every token that was signed with the version's key has passed. */
    isIdle: (version: VersionRef): Promise<Finding> => isIdle(deps, version),

    /** Whether a document can be uploaded, looked at and deleted. Under an id of our own, so that it can be repeated. */
    processTestDocument: (version: VersionRef): Promise<Finding> => processTestDocument(deps, version),

    /** Finds the current secret in the list, which an adopted value is said to be. */
    identifySecret: (version: VersionRef): Promise<void> => identifySecret(deps, version),

    /** What `keyturn reconcile` wants to know of the engine. Changes nothing. */
    survey: (credential: string): Promise<ProviderSurvey & EngineSurvey> => survey(deps, credential),

    /** What `keyturn check --deep` finds out about the engine, with values that nobody holds. */
    checkDeep: (wanted: DeepCheck): Promise<AccessCheck[]> => checkDeep(deps, wanted),

    /** What `keyturn check` wants to know of the engine. */
    checkAccess: (credential: string): Promise<AccessCheck[]> => checkAccess(deps, credential),
  };
}

export type DocumentEngineActivities = ReturnType<typeof createDocumentEngineActivities>;
