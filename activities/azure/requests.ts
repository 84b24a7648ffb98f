import type { RequestsOf, RequestTemplate } from '../../src/domain/requests.js';
import { optional, repeated, requestsTo } from '../shared/endpoints.js';
import type { AzureActivities } from './activities.js';

const account =
  '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.CognitiveServices/accounts/{account}';

/** Every request of this folder. Paths are below the account's addresses. */
export const endpoints = {
  signIn: { system: 'entra', method: 'POST', path: '/{tenant}/oauth2/v2.0/token' },
  getAccount: { system: 'azure', method: 'GET', path: account },
  listPermissions: { system: 'azure', method: 'GET', path: `${account}/providers/Microsoft.Authorization/permissions` },
  listKeys: { system: 'azure', method: 'POST', path: `${account}/listKeys` },
  regenerateKey: { system: 'azure', method: 'POST', path: `${account}/regenerateKey` },
  showInfo: { system: 'document-intelligence', method: 'GET', path: '/documentintelligence/info' },
} as const satisfies Record<string, RequestTemplate>;

export const requestTo = requestsTo(endpoints);

const { signIn, getAccount, listKeys, regenerateKey, showInfo } = endpoints;
const read = [optional(getAccount), optional(listKeys)];

export const azureRequests: RequestsOf<AzureActivities> = {
  otherIsFree: [signIn, listKeys],
  createKey: [signIn, listKeys, regenerateKey, optional(listKeys)],
  acceptsKey: [repeated(showInfo)],
  refusesKey: [repeated(showInfo)],
  regenerateKey: [signIn, listKeys, regenerateKey],
  regenerateSlot: [signIn, regenerateKey],
  identifyKey: [signIn, listKeys],
  survey: [signIn, listKeys, optional(repeated(showInfo))],
  checkAccess: [signIn, ...read, optional(signIn), ...read, optional(showInfo), optional(endpoints.listPermissions)],
};
