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
import { type EngineLook, look, type LookedFor } from './look.js';
import { countFailedUploads, type UploadGap } from './failed-uploads.js';
import type { DocuElevateConnection, Sessions } from './session.js';
import { restoreSettings, settingsAreOurs, writeSettings } from './settings.js';
import { hasNoFallback, type SettingOf } from './fallback.js';
import { survey } from './survey.js';

export interface DocuElevateDeps {
  readonly store: Store;
  readonly sessions: Sessions;
  /** The engine that uses a credential. */
  readonly engine: (credential: string) => Promise<DocuElevateConnection>;
}

/** DocuElevate as the user of credentials: its settings, and documents that show they work. */
export function createDocuElevateActivities(deps: DocuElevateDeps) {
  return {
    /** Puts the version's value into the settings it feeds. */
    writeSettings: (version: VersionRef): Promise<void> => writeSettings(deps, version),

    /** Puts back the value that was in force before this version, unless somebody has changed a setting since. */
    restoreSettings: (version: VersionRef): Promise<void> => restoreSettings(deps, version),

    /** Whether our own change is the newest of every setting the version feeds. */
    settingsAreOurs: (version: VersionRef): Promise<Finding> => settingsAreOurs(deps, version),

    /** Whether a new document gets through the step that needs the credential, once the engine was made to reload. It is deleted again. */
    processTestDocument: (run: TestRun): Promise<Finding> => processTestDocument(deps, run),

    /** Makes the engine read its settings anew, by writing a value once more that is held there already. */
    reload: (version: VersionRef): Promise<void> => makeEngineReload(deps, version),

    /** The same with whatever the engine holds: nothing is written, and it is no proof of the version. */
    observeDocument: (run: TestRun): Promise<Finding> => observeDocument(deps, run),

    /** Whether a document failed while the engine held halves of two values, and has not got through since. */
    countFailedUploads: (loss: UploadGap): Promise<Finding> => countFailedUploads(deps, loss),

    /** Whether the engine's own test of a service succeeds with the value it has in memory. */
    testConnection: (test: ConnectionTest): Promise<Finding> => testConnection(deps, test),

    /** Whether a setting is empty that the engine would use without a word where it cannot use the version. */
    hasNoFallback: (setting: SettingOf): Promise<Finding> => hasNoFallback(deps, setting),

    /** Whether the settings show an adopted version, as far as they are shown. Keeps where each came from. */
    holdsAdopted: (version: VersionRef): Promise<Finding> => holdsAdopted(deps, version),

    /** What `keyturn reconcile` wants to know of the settings. Changes nothing. */
    survey: (credential: string): Promise<EngineSurvey> => survey(deps, credential),

    /** What a look at what is in force wants to know: of settings, and of documents since the last look. Changes nothing. */
    look: (wanted: LookedFor): Promise<EngineLook> => look(deps, wanted),

    /** Lets the worker upload the document that is kept for it once more, with the value that it has. */
    uploadAgain: (again: UploadAgain): Promise<UploadedAgain> => uploadAgain(deps, again),

    /** Makes the engine reload its settings, by writing one of this version's once more. Returns why it was not done, or null. */
    makeReload: (version: VersionRef): Promise<string | null> => makeReload(deps, version),

    /** Keeps with an emergency what the engine recorded while the compromised values were in use. `version` takes their place. */
    collectAudit: (version: VersionRef): Promise<void> => collectAudit(deps, version),

    /** What `keyturn check` wants to know of the engine, whichever of its credentials it is asked for. */
    checkEngine: (credential: string): Promise<AccessCheck[]> => checkEngine(deps, credential),

    /** What `keyturn check` wants to know of a credential's settings. */
    checkAccess: (credential: string): Promise<AccessCheck[]> => checkAccess(deps, credential),
  };
}

export type DocuElevateActivities = ReturnType<typeof createDocuElevateActivities>;
