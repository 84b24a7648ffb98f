import type { Clock } from '../clock.js';
import { createTable, type Table } from './table.js';

export const secretTypes = ['jwt', 'dashboard_password', 'secret_key_base'] as const;
export type SecretType = (typeof secretTypes)[number];

export const jwtAlgorithms = ['RS256', 'RS512', 'ES256', 'ES512'] as const;
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

/** How a deployment behaves where the vendor's guide and description are silent or contradict each other. */
export interface Behavior {
  /** What a rotation does with the former current secret: it is deleted, it stays for a day, or its row gets the new value. */
  rotate: 'drops' | 'keeps' | 'in-place';
  /** The method that changes an expiry: the guide says PATCH, the description POST. */
  change: 'PATCH' | 'POST';
  /** The status for the other method. */
  otherChange: 404 | 405;
  /** Whether an existing value may be added again. If not, rotating to it makes its existing row the current one. */
  duplicates: 'allowed' | 'refused';
  /** Whether an expiry may lie in the past. */
  pastExpiry: 'allowed' | 'refused';
  /** Whether `POST /api/build` accepts JSON Web Tokens, or the status it answers instead. 1.5.7, 1.6.1, 1.7.1 and 1.8.3 removed the support. */
  upstreamJwt: 'taken' | 401 | 403;
  /** Decimal digits of a second that an expiry keeps. */
  precision: 6 | 3 | 0;
  /** How a list writes UTC. */
  zone: 'Z' | '+00:00' | 'none';
  /** Number of nodes behind one address, by connection. */
  nodes: number;
  /** Propagation delay of all nodes but the first, real milliseconds. */
  lagMs: number;
  /** What is in front of the engine: a proxy that answers 401 to unknown tokens, or a sign-on that redirects to its login or shows it. */
  front: 'none' | 'proxy' | 'sign-on' | 'login-page';
  /** The header `Server` of every answer; null where a proxy removes it. */
  server: string | null;
  /** What happens to a viewer's open session when the key of its token expires. */
  sessions: 'go-on' | 'end';
  /** A dead worker answers 500 to every request about documents, while the healthcheck still succeeds. */
  worker: 'alive' | 'dead';
  /** Without a database the engine only builds. It has neither documents nor secrets. */
  database: 'there' | 'none';
  /** Wrong dashboard passwords that an address may try in a minute. */
  dashboardFailures: number;
  /** The status after that. */
  dashboardBlock: 401 | 403 | 429;
}

export const usualBehavior: Readonly<Behavior> = {
  rotate: 'drops',
  change: 'PATCH',
  otherChange: 405,
  duplicates: 'allowed',
  pastExpiry: 'allowed',
  ...{ upstreamJwt: 'taken', precision: 6, zone: 'Z', nodes: 1, lagMs: 0, front: 'none' },
  server: 'Document Engine/1.18.1', // seen on the real service
  ...{ sessions: 'go-on', worker: 'alive', database: 'there', dashboardFailures: Infinity, dashboardBlock: 429 },
};

export interface Secret {
  readonly id: number;
  value: string;
  /** ISO 8601, with the precision of the deployment; null for the current secret. */
  expiresAt: string | null;
}

/** The deployment's environment, which a restart reads. */
export interface Environment {
  readonly replaceSecrets: boolean;
  /** Null for a type that is not set. */
  readonly secrets: Readonly<Record<SecretType, string | null>>;
}

/** The secrets of one Document Engine. Methods return whether the engine accepts the request. */
export interface DocumentEngineState {
  readonly algorithm: JwtAlgorithm;
  readonly now: Clock;
  /** Secrets that are not expired, including the current one, as a node knows them; the database when `node` is left out. */
  readonly live: (type: SecretType, node?: number) => readonly Secret[];
  /** The same from the database, and records that they were listed. */
  readonly list: (type: SecretType) => readonly Secret[];
  readonly add: (type: SecretType, value: string, expiresAt: string) => boolean;
  readonly rotate: (type: SecretType, value: string) => boolean;
  /** Undefined when there is no such secret. */
  readonly expire: (type: SecretType, id: number, expiresAt: string) => boolean | undefined;
  /** Deletes every secret with this value, as a person at the database would. */
  readonly remove: (type: SecretType, value: string) => void;
  /** Every value there ever was. */
  readonly everyValue: (type: SecretType) => readonly string[];
  /** Values that became current without being in the environment or added before. */
  readonly rotatedOnly: (type: SecretType) => readonly string[];
  /** Values that were only ever added with an expiry of a quarter of an hour or less. */
  readonly brief: (type: SecretType) => readonly string[];
  /** Values that were displaced before any list had shown them. */
  readonly crossed: (type: SecretType) => readonly string[];
  readonly restart: () => void;
  /** Replaces the database with a new one: values set by the API are lost, and ids start again. */
  readonly loseDatabase: () => void;
}

export interface StateOptions {
  readonly clock: Clock;
  readonly algorithm: JwtAlgorithm;
  readonly behavior: Behavior;
  readonly environment: Environment;
}

export function createState({ clock, algorithm, behavior, environment }: StateOptions): DocumentEngineState {
  const tables: Record<SecretType, Table> = {
    jwt: createTable({ clock, behavior, type: 'jwt' }),
    dashboard_password: createTable({ clock, behavior, type: 'dashboard_password' }),
    secret_key_base: createTable({ clock, behavior, type: 'secret_key_base' }),
  };
  const restart = (): void => {
    for (const type of secretTypes) tables[type].restart(environment.secrets[type], environment.replaceSecrets);
  };
  restart();
  const loseDatabase = (): void => {
    for (const type of secretTypes) tables[type].lose();
    restart();
  };
  return {
    ...{ algorithm, now: clock, restart, loseDatabase },
    live: (type, node = 0) => tables[type].liveOn(node),
    list: (type) => tables[type].list(),
    add: (type, value, expiresAt) => tables[type].add(value, expiresAt),
    rotate: (type, value) => tables[type].rotate(value),
    expire: (type, id, expiresAt) => tables[type].expire(id, expiresAt),
    remove: (type, value) => tables[type].remove(value),
    everyValue: (type) => [...tables[type].ever],
    rotatedOnly: (type) => [...tables[type].rotatedOnly],
    crossed: (type) => [...tables[type].crossed],
    brief: (type) => [...tables[type].ever].filter((value) => !tables[type].lasting.has(value)),
  };
}
