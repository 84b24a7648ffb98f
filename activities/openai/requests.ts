import type { RequestsOf, RequestTemplate } from '../../src/domain/requests.js';
import { optional, repeated } from '../shared/endpoints.js';
import type { OpenAiActivities } from './activities.js';

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

/** Finds the orphans of earlier attempts by their labels and deletes them. */
const sweep = [
  optional(repeated(endpoints.listAccounts)),
  optional(repeated(endpoints.listKeys)),
  optional(repeated(endpoints.deleteAccount)),
  optional(repeated(endpoints.deleteKey)),
  optional(repeated(endpoints.listAccounts)),
  optional(repeated(endpoints.listKeys)),
];

export const openAiRequests: RequestsOf<OpenAiActivities> = {
  createKey: [
    ...sweep,
    optional(repeated(endpoints.createKey)),
    optional(repeated(endpoints.createAccount)),
    optional(endpoints.scopeKey),
    optional(endpoints.getProject),
    optional(endpoints.deleteKey),
    optional(repeated(endpoints.listKeys)),
    optional(endpoints.deleteAccount),
    optional(repeated(endpoints.listAccounts)),
  ],
  acceptsKey: [repeated(endpoints.listModels)],
  sawUse: [repeated(endpoints.listKeys)],
  isIdle: [repeated(endpoints.listKeys)],
  refusesKey: [repeated(endpoints.listModels)],
  deleteKey: [
    optional(repeated(endpoints.listAccounts)),
    optional(endpoints.deleteKey),
    optional(repeated(endpoints.listKeys)),
    optional(endpoints.deleteAccount),
    ...sweep,
  ],
  identifyKey: [repeated(endpoints.listKeys)],
  survey: [repeated(endpoints.listKeys), optional(repeated(endpoints.listModels)), repeated(endpoints.listAccounts)],
  deleteOrphan: [
    repeated(endpoints.listKeys),
    repeated(endpoints.listAccounts),
    optional(repeated(endpoints.listKeys)),
    optional(endpoints.deleteKey),
    optional(endpoints.deleteAccount),
  ],
  checkAccess: [
    endpoints.getProject,
    optional(repeated(endpoints.listAccounts)),
    optional(repeated(endpoints.listAdminKeys)),
    optional(repeated(endpoints.listKeys)),
  ],
};
