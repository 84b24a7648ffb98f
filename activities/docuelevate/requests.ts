import type { RequestsOf, RequestTemplate } from '../../src/domain/requests.js';
import { optional, repeated } from '../shared/endpoints.js';
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

/** Sent only without a session from an earlier activity. */
const login = [optional(endpoints.openLogin), optional(endpoints.logIn)];

/** Repeated once for each setting that a credential feeds. */
const write = [
  repeated(endpoints.listChanges),
  repeated(endpoints.showSetting),
  repeated(endpoints.writeSetting),
  optional(repeated(endpoints.showSetting)), // on new connections, until every API process agrees
  optional(repeated(endpoints.writeSetting)),
  optional(repeated(endpoints.showSetting)),
  repeated(endpoints.listChanges),
];

/** Writes one setting again, so that the engine reloads. */
const rewrite = [endpoints.listChanges, endpoints.writeSetting, endpoints.listChanges, optional(endpoints.rollBack)];

/** Another document is sent only when the first proves nothing. */
const document = [
  endpoints.takeIn,
  repeated(endpoints.showTask),
  repeated(endpoints.showFile),
  optional(endpoints.showQueue),
  optional(endpoints.deleteFile),
  optional(endpoints.showFile),
];

export const docuElevateRequests: RequestsOf<DocuElevateActivities> = {
  writeSettings: [...login, ...write],
  restoreSettings: [...login, ...write],
  settingsAreOurs: [...login, repeated(endpoints.listChanges), repeated(endpoints.showSetting)],
  processTestDocument: [...login, optional(endpoints.showSetting), ...rewrite, ...document],
  reload: [...login, ...rewrite],
  observeDocument: [...login, ...document],
  countFailedUploads: [
    ...login,
    repeated(endpoints.listChanges),
    endpoints.listFiles,
    optional(repeated(endpoints.showFile)),
  ],
  testConnection: [...login, endpoints.testConnection],
  hasNoFallback: [...login, endpoints.showSetting],
  holdsAdopted: [...login, endpoints.listCredentials, repeated(endpoints.showSetting)],
  survey: [...login, repeated(endpoints.listChanges), repeated(endpoints.showSetting)],
  look: [
    ...login,
    repeated(endpoints.listChanges),
    repeated(endpoints.showSetting),
    optional(endpoints.listFiles),
    optional(repeated(endpoints.showFile)),
    optional(repeated(endpoints.showSetting)),
  ],
  uploadAgain: [...login, endpoints.showFile, optional(endpoints.retrySubtask), optional(repeated(endpoints.showTask))],
  makeReload: [...login, endpoints.showQueue, ...rewrite],
  collectAudit: [...login, endpoints.listEvents, endpoints.listAllChanges],
  checkEngine: [...login, endpoints.showQueue, endpoints.showSetting, optional(endpoints.showFile)],
  checkAccess: [...login, endpoints.whoAmI, optional(endpoints.listCredentials)],
};
