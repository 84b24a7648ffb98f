import type { RequestTemplate } from '../../src/domain/requests.js';
import type { IssuingRequests } from '../kit/issuing-requests.js';
import { optional, repeated } from '../shared/endpoints.js';

const project = '/organization/projects/{project}';

/** Every request of this folder. Paths are below the account's base URL. */
export const endpoints = {
  listModels: { system: 'openai', method: 'GET', path: '/models' },
  getProject: { system: 'openai', method: 'GET', path: project },
  listKeys: { system: 'openai', method: 'GET', path: `${project}/api_keys` },
  scopeKey: { system: 'openai', method: 'POST', path: `${project}/api_keys/{key}` },
  listAdminKeys: { system: 'openai', method: 'GET', path: '/organization/admin_api_keys' },
  createKey: { system: 'openai', method: 'POST', path: `${project}/service_accounts/{account}/api_keys` },
  deleteKey: { system: 'openai', method: 'DELETE', path: `${project}/api_keys/{key}` },
  listAccounts: { system: 'openai', method: 'GET', path: `${project}/service_accounts` },
  createAccount: { system: 'openai', method: 'POST', path: `${project}/service_accounts` },
  deleteAccount: { system: 'openai', method: 'DELETE', path: `${project}/service_accounts/{account}` },
} as const satisfies Record<string, RequestTemplate>;

const keys = [repeated(endpoints.listKeys)];
const list = [...keys, repeated(endpoints.listAccounts)];
const again = list.map(optional);

export const requests: IssuingRequests = {
  ask: [endpoints.listModels],
  list,
  find: keys,
  lastUse: keys,
  issue: [
    optional(repeated(endpoints.createKey)),
    optional(repeated(endpoints.createAccount)),
    optional(endpoints.scopeKey),
    optional(endpoints.getProject),
  ],
  revoke: [...again, endpoints.deleteKey, ...again, endpoints.deleteAccount],
  check: [
    endpoints.getProject,
    optional(repeated(endpoints.listAccounts)),
    optional(repeated(endpoints.listAdminKeys)),
    optional(repeated(endpoints.listKeys)),
  ],
};
