import type { RequestTemplate } from '../../src/domain/requests.js';
import { requestsTo } from '../shared/endpoints.js';

const system = 'docuelevate';

/** Every request of this folder. */
export const endpoints = {
  openLogin: { system, method: 'GET', path: '/login' },
  logIn: { system, method: 'POST', path: '/auth' },
  whoAmI: { system, method: 'GET', path: '/api/auth/whoami' },
  listCredentials: { system, method: 'GET', path: '/api/settings/credentials' },
  showSetting: { system, method: 'GET', path: '/api/settings/{key}' },
  writeSetting: { system, method: 'POST', path: '/api/settings/{key}' },
  deleteSetting: { system, method: 'DELETE', path: '/api/settings/{key}' },
  rollBack: { system, method: 'POST', path: '/api/settings/{key}/rollback/{change}' },
  listChanges: { system, method: 'GET', path: '/api/settings/{key}/history' },
  testConnection: { system, method: 'GET', path: '/api/{service}/test' },
  testAi: { system, method: 'GET', path: '/api/ai/test' },
  testToken: { system, method: 'GET', path: '/api/{service}/test-token' },
  testMailbox: { system, method: 'POST', path: '/api/imap-accounts/test' },
  testIntegration: { system, method: 'POST', path: '/api/integrations/test' },
  testNotification: { system, method: 'POST', path: '/api/diagnostic/test-notification' },
  listLocalUsers: { system, method: 'GET', path: '/api/admin/users/local' },
  addLocalUser: { system, method: 'POST', path: '/api/admin/users/local' },
  changeLocalUser: { system, method: 'PATCH', path: '/api/admin/users/local/{user}' },
  sendPasswordReset: { system, method: 'POST', path: '/api/admin/users/local/{user}/send-password-reset' },
  showReadiness: { system, method: 'GET', path: '/api/diagnostic/healthz/ready' },
  showStripe: { system, method: 'GET', path: '/api/billing/stripe/status' },
  sendStripeEvent: { system, method: 'POST', path: '/api/billing/webhook' },
  search: { system, method: 'GET', path: '/api/search' },
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
