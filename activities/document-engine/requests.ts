import type { RequestsOf, RequestTemplate } from '../../src/domain/requests.js';
import { optional, pathOf, repeated } from '../shared/endpoints.js';
import type { HttpRequest } from '../shared/http.js';
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

type Endpoints = typeof endpoints;
type Values<K extends keyof Endpoints> = Parameters<typeof pathOf<Endpoints[K]['path']>>[1];

/** One of the requests, with its path filled in. */
export function requestTo<K extends keyof Endpoints>(
  operation: K,
  values: Values<K>,
): Pick<HttpRequest, 'operation' | 'method' | 'path'> {
  const { method, path }: Endpoints[K] = endpoints[operation];
  return { operation, method, path: pathOf<Endpoints[K]['path']>({ path }, values) };
}

const change = [optional(repeated(endpoints.changeExpiry)), optional(repeated(endpoints.changeExpiryByPost))];
const add = [...change, optional(endpoints.addSecret), optional(endpoints.listSecrets)];
/** Where `POST /api/build` is not conclusive, a viewer's request is, with a document that exists only meanwhile. */
const askTokens = [
  optional(repeated(endpoints.build)),
  optional(endpoints.upload),
  optional(repeated(endpoints.openSession)),
  optional(endpoints.deleteDocument),
  optional(repeated(endpoints.build)),
];
const askEither = [optional(repeated(endpoints.dashboard)), optional(endpoints.health), ...askTokens];
/** From the description to the second addition of a value. Secrets of an earlier trial are ended first. */
const deep = [
  ...[optional(endpoints.listSecrets), ...change],
  ...[endpoints.description, optional(endpoints.listSecrets), optional(endpoints.listSecrets)],
  ...[optional(endpoints.addSecret), optional(endpoints.listSecrets)],
  ...[optional(endpoints.addSecret), optional(endpoints.listSecrets)],
];
const selfRotation = [
  optional(repeated(endpoints.listSecrets)),
  optional(endpoints.rotateSecret),
  optional(endpoints.listSecrets),
  ...change,
];
/** In an emergency no current value is left to compare with, so a throwaway value becomes current. */
const control = [optional(endpoints.listSecrets), optional(endpoints.rotateSecret), optional(endpoints.listSecrets)];

/** Sent for secrets of one type. */
function only(setting: SecretType, ...requests: readonly RequestTemplate[]): RequestTemplate[] {
  return requests.map((request) => ({ ...request, setting }));
}

export const documentEngineRequests: RequestsOf<DocumentEngineActivities> = {
  requireKept: [],
  generate: [],
  addSecret: [endpoints.listSecrets, ...add],
  makeCurrent: [
    endpoints.listSecrets,
    optional(endpoints.rotateSecret),
    optional(endpoints.listSecrets),
    optional(endpoints.listSecrets),
    ...add,
  ],
  expireSecret: [endpoints.listSecrets, ...change],
  dropSpare: [endpoints.listSecrets, ...change],
  displace: [endpoints.rotateSecret, endpoints.listSecrets],
  expireOthers: [endpoints.listSecrets, ...change],
  isListed: [endpoints.listSecrets],
  accepts: [
    ...only('jwt', optional(endpoints.askSigner), optional(endpoints.health), ...askTokens),
    ...only('dashboard_password', repeated(endpoints.dashboard)),
    ...only('secret_key_base', endpoints.listSecrets, endpoints.build),
  ],
  refuses: [
    ...only('jwt', ...control, optional(endpoints.health), ...askTokens),
    ...only('dashboard_password', ...control, repeated(endpoints.dashboard)),
    ...only('secret_key_base', endpoints.listSecrets),
  ],
  sawUse: [optional(endpoints.askSigner), optional(endpoints.health), ...askTokens, ...askTokens],
  isIdle: [],
  processTestDocument: [endpoints.upload, endpoints.documentInfo, endpoints.deleteDocument],
  identifySecret: [endpoints.listSecrets],
  survey: [
    endpoints.listSecrets,
    optional(repeated(endpoints.dashboard)),
    optional(endpoints.health),
    optional(repeated(endpoints.build)),
  ],
  checkDeep: [
    endpoints.health,
    ...deep,
    ...change,
    ...askEither,
    optional(endpoints.upload),
    optional(endpoints.openSession),
    ...change,
    repeated(endpoints.listSecrets),
    ...askEither,
    optional(endpoints.viewSession),
    optional(endpoints.deleteDocument),
    ...askEither,
    ...selfRotation,
    ...selfRotation,
    optional(repeated(endpoints.listSecrets)),
    ...change,
  ],
  checkAccess: [
    endpoints.health,
    optional(endpoints.listSecrets),
    optional(endpoints.build),
    optional(endpoints.askSigner),
  ],
};
