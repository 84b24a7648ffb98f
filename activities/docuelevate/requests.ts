import type { RequestsOf } from '../../src/domain/requests.js';
import { optional, repeated } from '../shared/endpoints.js';
import type { DocuElevateActivities } from './activities.js';
import { endpoints } from './endpoints.js';
import { trialRequests } from './trial-requests.js';

const { listChanges, showSetting, writeSetting, showFile, showQueue, showTask, listFiles } = endpoints;

/** Sent only without a session from an earlier activity. */
export const login = [optional(endpoints.openLogin), optional(endpoints.logIn)];

// Repeated once for each setting that a credential feeds.
const changes = repeated(listChanges);
const shown = repeated(showSetting);

/** On new connections, until every API process agrees. */
const agreeing = [optional(shown), optional(repeated(writeSetting)), optional(shown)];
const write = [changes, shown, repeated(writeSetting), ...agreeing, changes];

/** Writes one setting again, so that the engine reloads. */
const rewrite = [listChanges, writeSetting, listChanges, optional(endpoints.rollBack)];

/** Another document is sent only when the first proves nothing. */
const upload = [endpoints.takeIn, repeated(showTask), repeated(showFile), optional(showQueue)];
const document = [...upload, optional(endpoints.deleteFile), optional(showFile)];

export const docuElevateRequests: RequestsOf<DocuElevateActivities> = {
  writeSettings: [...login, ...write],
  restoreSettings: [...login, ...write],
  settingsAreOurs: [...login, changes, shown],
  processTestDocument: [...login, optional(showSetting), ...rewrite, ...document],
  reload: [...login, ...rewrite],
  observeDocument: [...login, ...document],
  countFailedUploads: [...login, changes, listFiles, optional(repeated(showFile))],
  testConnection: [...login, endpoints.testConnection],
  provesByStep: [...login, optional(repeated(showSetting)), ...rewrite, ...document],
  provesByTest: [...login, ...trialRequests],
  refusesByTest: [...login, ...trialRequests],
  hasNoFallback: [...login, showSetting],
  holdsAdopted: [...login, endpoints.listCredentials, shown],
  survey: [...login, changes, shown],
  look: [...login, changes, shown, optional(listFiles), optional(repeated(showFile)), optional(shown)],
  uploadAgain: [...login, showFile, optional(endpoints.retrySubtask), optional(repeated(showTask))],
  makeReload: [...login, showQueue, ...rewrite],
  collectAudit: [...login, endpoints.listEvents, endpoints.listAllChanges],
  checkEngine: [...login, showQueue, showSetting, endpoints.listCredentials, optional(showFile)],
  checkAccess: [...login, endpoints.whoAmI, optional(endpoints.listCredentials)],
  sharedLogins: [...login, endpoints.listCredentials, optional(repeated(showSetting))],
};

/** A value in the environment is written to no setting. What processes show of it can only disprove that they use it. */
const look = [optional(endpoints.listCredentials), shown];

/** What differs for a credential whose value is in DocuElevate's environment. */
export const environmentRequests: Partial<RequestsOf<DocuElevateActivities>> = {
  processTestDocument: [...login, optional(showSetting), ...look, ...document],
  provesByStep: [...login, optional(repeated(showSetting)), ...look, ...document],
};
