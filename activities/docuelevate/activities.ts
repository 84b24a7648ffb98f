import type { Store } from '../../src/store/store.js';
import { withDeps } from '../shared/with-deps.js';
import { checkAccess, checkEngine } from './access.js';
import { collectAudit } from './audit.js';
import { hasNoFallback, holdsAdopted, testConnection } from './checks.js';
import { observeDocument, processTestDocument } from './documents.js';
import { countFailedUploads } from './failed-uploads.js';
import { uploadAgain } from './kept.js';
import { sharedLogins } from './logins.js';
import { look } from './look.js';
import { provesByStep } from './proofs.js';
import { makeReload, reload } from './reload.js';
import type { DocuElevateConnection, Sessions } from './session.js';
import { restoreSettings, settingsAreOurs, writeSettings } from './settings.js';
import { survey } from './survey.js';
import { provesByTest, refusesByTest } from './trials.js';

export interface DocuElevateDeps {
  readonly store: Store;
  readonly sessions: Sessions;
  /** The engine of a credential. */
  readonly engine: (credential: string) => Promise<DocuElevateConnection>;
}

/** DocuElevate as an engine: its settings, and documents that prove that values work. */
export function createDocuElevateActivities(deps: DocuElevateDeps) {
  return withDeps(deps, {
    ...{ writeSettings, restoreSettings, settingsAreOurs, reload, makeReload },
    ...{ processTestDocument, observeDocument, countFailedUploads, uploadAgain },
    ...{ provesByStep, provesByTest, refusesByTest, testConnection, hasNoFallback, holdsAdopted },
    ...{ survey, look, collectAudit, checkEngine, checkAccess, sharedLogins },
  });
}

export type DocuElevateActivities = ReturnType<typeof createDocuElevateActivities>;
