import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { type Incoming, type Routes, router } from '../routes.js';
import { type LabOptions, type LabServer, serve } from '../server.js';
import { dashboard, forToken } from './access.js';
import { description } from './description.js';
import { buildRoute, createDocuments } from './document-routes.js';
import { behindFront } from './front.js';
import { secretRoutes } from './secret-routes.js';
import { createSessions } from './session-routes.js';
import {
  type Behavior,
  createState,
  type DocumentEngineState,
  type JwtAlgorithm,
  type SecretType,
  usualBehavior,
} from './state.js';

export interface DocumentEngineLabOptions extends LabOptions {
  readonly behavior?: Partial<Behavior>;
  /** JWT_ALGORITHM, one setting for all keys. */
  readonly algorithm?: JwtAlgorithm;
  /** REPLACE_SECRETS_FROM_ENV: whether a restart restores the environment's values. */
  readonly replaceSecretsFromEnv?: boolean;
  /** Types that the environment does not set. */
  readonly unset?: readonly SecretType[];
}

export interface DocumentEngineLab extends LabServer {
  readonly apiToken: string;
  /** May be changed at any time. */
  readonly behavior: Behavior;
  readonly algorithm: JwtAlgorithm;
  readonly dashboardUsername: string;
  /** Values from the environment, which are current until the API is used. */
  readonly environment: Readonly<Record<SecretType, string>>;
  /** The private key of the environment's key pair. */
  readonly privateKey: string;
  /** Every value that is accepted right now, each once. The current one is the last. */
  readonly values: (type: SecretType) => string[];
  /** Every value there ever was. */
  readonly everyValue: (type: SecretType) => readonly string[];
  /** Values that became current without being in the environment or added before. */
  readonly rotatedOnly: (type: SecretType) => readonly string[];
  /** Values that were only ever added with a short expiry. */
  readonly brief: (type: SecretType) => readonly string[];
  /** Values that another rotation displaced before any list had shown them. */
  readonly crossed: (type: SecretType) => readonly string[];
  /** Ids and expiries, as the list shows them. */
  secrets(type: SecretType): { readonly id: number; readonly expiresAt: string | null }[];
  /** Another user of the API adds a value. */
  addByHand(type: SecretType, value: string): void;
  rotateByHand(type: SecretType, value: string): void;
  expireByHand(type: SecretType, id: number, expiresAt: string): void;
  readonly remove: (type: SecretType, value: string) => void;
  readonly restart: () => void;
  /** Replaces the database with a new one, and reads the environment again. */
  readonly loseDatabase: () => void;
}

export interface Deployment {
  readonly apiToken: string;
  readonly username: string;
  readonly behavior: Behavior;
}

/** Every route of the lab. */
export function documentEngineRoutes(
  state: DocumentEngineState,
  { apiToken, username, behavior }: Deployment,
): Routes<Incoming> {
  const documents = createDocuments(state);
  const sessions = createSessions({ state, behavior, has: documents.has });
  return {
    'GET /healthcheck': () => ({ status: 200, body: 'OK' }),
    'GET /dashboard': dashboard(state, username, behavior),
    ...buildRoute(state, { apiToken, behavior }),
    ...sessions.forViewers,
    ...forToken(apiToken, {
      'GET /api/upstream.yml': description(behavior),
      ...secretRoutes(state, behavior),
      ...sessions.administered,
      ...documents.routes,
    }),
  };
}

/** Nutrient Document Engine's secrets API, and the calls that its secrets protect (API 1.9.0). */
export async function startDocumentEngineLab(options: DocumentEngineLabOptions = {}): Promise<DocumentEngineLab> {
  const { clock = Date.now, algorithm = 'RS256', replaceSecretsFromEnv = false, unset = [] } = options;
  const behavior = { ...usualBehavior, ...options.behavior };
  const { publicKey, privateKey } = newKeyPair(algorithm);
  const environment = {
    jwt: publicKey,
    dashboard_password: randomBytes(18).toString('base64url'),
    secret_key_base: randomBytes(64).toString('hex'),
  };
  const state = createState({
    ...{ clock, algorithm, behavior },
    environment: {
      replaceSecrets: replaceSecretsFromEnv,
      secrets: { ...environment, ...Object.fromEntries(unset.map((type) => [type, null])) },
    },
  });
  const [apiToken, username] = [randomBytes(24).toString('base64url'), 'admin'];
  const route = router(documentEngineRoutes(state, { apiToken, username, behavior }), () => ({
    status: 404,
    body: 'Not found',
  }));
  const server = await serve(behindFront(route, { apiToken, behavior }), options);
  const faraway = (): string => new Date(clock() + 365 * 86_400_000).toISOString();
  return {
    ...server,
    ...{ apiToken, behavior, algorithm, dashboardUsername: username, environment, privateKey },
    values: (type) => [...new Set(state.live(type).map(({ value }) => value))],
    everyValue: state.everyValue,
    rotatedOnly: state.rotatedOnly,
    ...{ brief: state.brief, crossed: state.crossed },
    secrets: (type) => state.live(type).map(({ id, expiresAt }) => ({ id, expiresAt })),
    addByHand: (type, value) => void state.add(type, value, faraway()),
    expireByHand: (type, id, expiresAt) => void state.expire(type, id, expiresAt),
    rotateByHand: (type, value) => void state.rotate(type, value),
    remove: state.remove,
    restart: state.restart,
    loseDatabase: state.loseDatabase,
  };
}

/** A key pair as an operator would generate it: PEM, suited to the algorithm. */
export function newKeyPair(algorithm: JwtAlgorithm): { readonly publicKey: string; readonly privateKey: string } {
  const { publicKey, privateKey } = algorithm.startsWith('RS')
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: algorithm === 'ES256' ? 'P-256' : 'P-521' });
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
