import type { RequestsOf, RequestTemplate } from '../../src/domain/requests.js';
import { optional, repeated, requestsTo } from '../shared/endpoints.js';
import type { DocumentEngineActivities } from './activities.js';
import type { SecretType } from './client.js';

const system = 'document-engine';

/** Every request of this folder. `signer` is the configured signing application. */
export const endpoints = {
  addSecret: { system, method: 'POST', path: '/api/secrets/{type}' },
  listSecrets: { system, method: 'GET', path: '/api/secrets/{type}' },
  rotateSecret: { system, method: 'POST', path: '/api/secrets/{type}/rotate' },
  changeExpiry: { system, method: 'PATCH', path: '/api/secrets/{type}/{id}' },
  /** The same change, by the vendor's description. */
  changeExpiryByPost: { system, method: 'POST', path: '/api/secrets/{type}/{id}' },
  build: { system, method: 'POST', path: '/api/build' },
  health: { system, method: 'GET', path: '/healthcheck' },
  dashboard: { system, method: 'GET', path: '/dashboard' },
  description: { system, method: 'GET', path: '/api/upstream.yml' },
  /** A viewer's requests with its token, and with its session. */
  openSession: { system, method: 'POST', path: '/i/d/{document}/auth' },
  viewSession: { system, method: 'GET', path: '/i/d/{document}/h/{layer}/document.json' },
  upload: { system, method: 'POST', path: '/api/documents' },
  documentInfo: { system, method: 'GET', path: '/api/documents/{document}/document_info' },
  deleteDocument: { system, method: 'DELETE', path: '/api/documents/{document}' },
  askSigner: { system: 'signer', method: 'GET', path: '/' },
} as const satisfies Record<string, RequestTemplate>;

export const requestTo = requestsTo(endpoints);

const { addSecret, build, dashboard, deleteDocument, health, listSecrets, openSession, rotateSecret, upload } =
  endpoints;

const maybe = (...requests: readonly RequestTemplate[]): RequestTemplate[] => requests.map(optional);

function only(setting: SecretType, ...requests: readonly RequestTemplate[]): RequestTemplate[] {
  return requests.map((request) => ({ ...request, setting }));
}

const change = maybe(repeated(endpoints.changeExpiry), repeated(endpoints.changeExpiryByPost));
const add = [...change, ...maybe(addSecret, listSecrets)];
/** Where `POST /api/build` is not conclusive, a viewer's request is, with a document that exists only meanwhile. */
const askTokens = maybe(health, repeated(build), upload, repeated(openSession), deleteDocument, repeated(build));
const askEither = [...maybe(repeated(dashboard)), ...askTokens];
/** In an emergency no current value is left to compare with, so a throwaway value becomes current. */
const control = maybe(listSecrets, rotateSecret, listSecrets);
const selfRotation = [...maybe(repeated(listSecrets), rotateSecret, listSecrets), ...change];

export const documentEngineRequests: RequestsOf<DocumentEngineActivities> = {
  requireKept: [],
  generate: [],
  addSecret: [listSecrets, ...add],
  makeCurrent: [listSecrets, ...maybe(rotateSecret, listSecrets, listSecrets), ...add],
  expireSecret: [listSecrets, ...change],
  dropSpare: [listSecrets, ...change],
  displace: [rotateSecret, listSecrets],
  expireOthers: [listSecrets, ...change],
  isListed: [listSecrets],
  accepts: [
    ...only('jwt', ...maybe(endpoints.askSigner), ...askTokens),
    ...only('dashboard_password', repeated(dashboard)),
    ...only('secret_key_base', listSecrets, build),
  ],
  refuses: [
    ...only('jwt', ...control, ...askTokens),
    ...only('dashboard_password', ...control, repeated(dashboard)),
    ...only('secret_key_base', listSecrets),
  ],
  sawUse: [...maybe(endpoints.askSigner), ...askTokens, ...askTokens],
  isIdle: [],
  processTestDocument: [upload, endpoints.documentInfo, deleteDocument],
  identifySecret: [listSecrets],
  survey: [listSecrets, ...maybe(repeated(dashboard), health, repeated(build))],
  checkDeep: [
    ...[health, ...maybe(listSecrets), ...change], // what an earlier trial has left is ended first
    ...[endpoints.description, ...maybe(listSecrets, listSecrets, addSecret, listSecrets, addSecret, listSecrets)],
    ...[...change, ...askEither, ...maybe(upload, openSession), ...change],
    ...[repeated(listSecrets), ...askEither, ...maybe(endpoints.viewSession, deleteDocument), ...askEither],
    ...[...selfRotation, ...selfRotation, ...maybe(repeated(listSecrets)), ...change, ...askEither],
  ],
  checkAccess: [health, ...maybe(listSecrets, build, endpoints.askSigner)],
};
