import type { RequestsOf, RequestTemplate } from '../../src/domain/requests.js';
import { optional, repeated, requestsTo } from '../shared/endpoints.js';
import type { DocuElevateActivities } from './activities.js';

const system = 'docuelevate';

/** Every request of this folder. */
export const endpoints = {
  openLogin: { system, method: 'GET', path: '/login' },
  logIn: { system, method: 'POST', path: '/auth' },
  whoAmI: { system, method: 'GET', path: '/api/auth/whoami' },
  listCredentials: { system, method: 'GET', path: '/api/settings/credentials' },
  showSetting: { system, method: 'GET', path: '/api/settings/{key}' },
  writeSetting: { system, method: 'POST', path: '/api/settings/{key}' },
  rollBack: { system, method: 'POST', path: '/api/settings/{key}/rollback/{change}' },
  listChanges: { system, method: 'GET', path: '/api/settings/{key}/history' },
  testConnection: { system, method: 'GET', path: '/api/{service}/test' },
  listEvents: { system, method: 'GET', path: '/api/audit-logs' },
  listAllChanges: { system, method: 'GET', path: '/api/settings/audit-log' },
  showQueue: { system, method: 'GET', path: '/api/queue/stats' },
  takeIn: { system, method: 'POST', path: '/api/intake/documents' },
  showTask: { system, method: 'GET', path: '/api/logs/task/{task}' },
  listFiles: { system, method: 'GET', path: '/api/files' },
  showFile: { system, method: 'GET', path: '/api/files/{file}' },
  deleteFile: { system, method: 'DELETE', path: '/api/files/{file}' },
  retrySubtask: { system, method: 'POST', path: '/api/files/{file}/retry-subtask' },
} as const satisfies Record<string, RequestTemplate>;

export const requestTo = requestsTo(endpoints);

const { listChanges, showSetting, writeSetting, showFile, showQueue, showTask, listFiles } = endpoints;

/** Sent only without a session from an earlier activity. */
const login = [optional(endpoints.openLogin), optional(endpoints.logIn)];

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
  hasNoFallback: [...login, showSetting],
  holdsAdopted: [...login, endpoints.listCredentials, shown],
  survey: [...login, changes, shown],
  look: [...login, changes, shown, optional(listFiles), optional(repeated(showFile)), optional(shown)],
  uploadAgain: [...login, showFile, optional(endpoints.retrySubtask), optional(repeated(showTask))],
  makeReload: [...login, showQueue, ...rewrite],
  collectAudit: [...login, endpoints.listEvents, endpoints.listAllChanges],
  checkEngine: [...login, showQueue, showSetting, endpoints.listCredentials, optional(showFile)],
  checkAccess: [...login, endpoints.whoAmI, optional(endpoints.listCredentials)],
};
