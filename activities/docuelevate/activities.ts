import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import type { AccessCheck } from '../shared/access.js';
import type { EngineSurvey } from '../shared/survey.js';
import { checkAccess, checkEngine } from './access.js';
import { holdsAdopted } from './adopted.js';
import { type ConnectionTest, testConnection } from './connection.js';
import { collectAudit } from './audit.js';
import { observeDocument, processTestDocument, type TestRun } from './documents.js';
import { makeReload } from './heal.js';
import { uploadAgain, type UploadAgain, type UploadedAgain } from './kept.js';
import { makeEngineReload } from './reload.js';
import { type EngineLook, lookAtEngine, type LookedFor } from './look.js';
import { countFailedUploads, type UploadGap } from './failed-uploads.js';
import type { DocuElevateConnection, Sessions } from './session.js';
import { restoreSettings, settingsAreOurs, writeSettings } from './settings.js';
import { hasNoFallback, type SettingOf } from './fallback.js';
import { survey } from './survey.js';

export interface DocuElevateDeps {
  readonly store: Store;
  readonly sessions: Sessions;
  /** The engine of a credential. */
  readonly engine: (credential: string) => Promise<DocuElevateConnection>;
}

/** DocuElevate as an engine: its settings, and documents that prove that values work. */
export function createDocuElevateActivities(deps: DocuElevateDeps) {
  return {
    /** Writes the version's value to the settings that it feeds. */
    writeSettings: (version: VersionRef): Promise<void> => writeSettings(deps, version),

    /** Restores the value that was in force before this version, unless somebody has changed a setting since. */
    restoreSettings: (version: VersionRef): Promise<void> => restoreSettings(deps, version),

    /** Whether our own change is the newest of every setting that the version feeds. */
    settingsAreOurs: (version: VersionRef): Promise<Finding> => settingsAreOurs(deps, version),

    /** Whether a new document passes the step that needs the credential, after a reload of the engine. It is deleted again. */
    processTestDocument: (run: TestRun): Promise<Finding> => processTestDocument(deps, run),

    /** Makes the engine reload its settings, by writing a value that it already holds. */
    reload: (version: VersionRef): Promise<void> => makeEngineReload(deps, version),

    /** Processes a document with whatever value the engine holds. Writes nothing, and is no proof of the version. */
    observeDocument: (run: TestRun): Promise<Finding> => observeDocument(deps, run),

    /** Whether a document failed while the engine held halves of two values, and has not been processed since. */
    countFailedUploads: (loss: UploadGap): Promise<Finding> => countFailedUploads(deps, loss),

    /** Whether the engine's own test of a service succeeds with the value it has in memory. */
    testConnection: (test: ConnectionTest): Promise<Finding> => testConnection(deps, test),

    /** Whether a setting is empty to which the engine would silently fall back if it could not use the version. */
    hasNoFallback: (setting: SettingOf): Promise<Finding> => hasNoFallback(deps, setting),

    /** Whether the settings match an adopted version, as far as they are shown. Stores the source of each setting. */
    holdsAdopted: (version: VersionRef): Promise<Finding> => holdsAdopted(deps, version),

    /** State of the settings for `keyturn reconcile`. Changes nothing. */
    survey: (credential: string): Promise<EngineSurvey> => survey(deps, credential),

    /** State of the settings, and of documents since the last verification. Changes nothing. */
    look: (wanted: LookedFor): Promise<EngineLook> => lookAtEngine(deps, wanted),

    /** Makes the worker upload the kept document again, with the value that it has. */
    uploadAgain: (again: UploadAgain): Promise<UploadedAgain> => uploadAgain(deps, again),

    /** Makes the engine reload its settings, by writing one of this version's again. Returns why it was not done, or null. */
    makeReload: (version: VersionRef): Promise<string | null> => makeReload(deps, version),

    /** Stores with an emergency what the engine recorded while the compromised values were in use. `version` replaces them. */
    collectAudit: (version: VersionRef): Promise<void> => collectAudit(deps, version),

    /** The checks of `keyturn check` on the engine, the same for each of its credentials. */
    checkEngine: (credential: string): Promise<AccessCheck[]> => checkEngine(deps, credential),

    /** The checks of `keyturn check` on a credential's settings. */
    checkAccess: (credential: string): Promise<AccessCheck[]> => checkAccess(deps, credential),
  };
}

export type DocuElevateActivities = ReturnType<typeof createDocuElevateActivities>;
