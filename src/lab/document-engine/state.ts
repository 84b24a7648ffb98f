import type { Clock } from '../clock.js';
import { createTable, type Table } from './table.js';

export const secretTypes = ['jwt', 'dashboard_password', 'secret_key_base'] as const;
export type SecretType = (typeof secretTypes)[number];

export const jwtAlgorithms = ['RS256', 'RS512', 'ES256', 'ES512'] as const;
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

/** Where the vendor's guide and description are silent or differ, a deployment may do either. */
export interface Behavior {
  /** What becomes of the former current secret: it is gone, it stays for a day, or its row takes the new value. */
  rotate: 'drops' | 'keeps' | 'in-place';
  /** The method that changes an expiry: the guide says PATCH, the description POST. */
  change: 'PATCH' | 'POST';
  /** What the other method is answered with. */
  otherChange: 404 | 405;
  /** Whether a value may be added that is there already; refused, rotating to it makes its own row the current one. */
  duplicates: 'allowed' | 'refused';
  /** Whether an expiry may lie in the past. */
  pastExpiry: 'allowed' | 'refused';
  /** Whether `POST /api/build` takes JSON Web Tokens; 1.5.7, 1.6.1, 1.7.1 and 1.8.3 took that away. A status: what one is answered with there. */
  upstreamJwt: 'taken' | 401 | 403;
  /** How many digits of a second an expiry keeps, and how a list writes that it is UTC. */
  precision: 6 | 3 | 0;
  zone: 'Z' | '+00:00' | 'none';
  /** Nodes behind one address, by connection. All but the first learn of a change later, by so many real milliseconds. */
  nodes: number;
  lagMs: number;
  /** What stands before the engine: a proxy that answers 401 to tokens it does not know, or a sign-on that sends people to its login or shows it. */
  front: 'none' | 'proxy' | 'sign-on' | 'login-page';
  /** The header `Server` of every answer; null where something takes it away. */
  server: string | null;
  /** What becomes of a viewer's open session when the key of its token ends. */
  sessions: 'go-on' | 'end';
  /** A dead worker answers 500 to everything about documents, beside a healthcheck that is well. */
  worker: 'alive' | 'dead';
  /** Without a database the engine builds, and has neither documents nor secrets. */
  database: 'there' | 'none';
  /** How many wrong dashboard passwords a minute an address may try, and how it is answered afterwards. */
  dashboardFailures: number;
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
  /** ISO 8601, as precise as the deployment keeps it; null for the current one. */
  expiresAt: string | null;
}

/** The deployment's environment: what a restart reads. */
export interface Environment {
  readonly replaceSecrets: boolean;
  /** Null for what nobody has set. */
  readonly secrets: Readonly<Record<SecretType, string | null>>;
}

/** The secrets of one Document Engine. Methods answer whether the engine takes what it is asked. */
export interface DocumentEngineState {
  readonly algorithm: JwtAlgorithm;
  readonly now: Clock;
  /** Non-expired ones, the current one among them, as a node knows them: the database when none is named. */
  readonly live: (type: SecretType, node?: number) => readonly Secret[];
  /** The same in the database, for somebody who reads the list. */
  readonly list: (type: SecretType) => readonly Secret[];
  readonly add: (type: SecretType, value: string, expiresAt: string) => boolean;
  readonly rotate: (type: SecretType, value: string) => boolean;
  /** Undefined when there is no such secret. */
  readonly expire: (type: SecretType, id: number, expiresAt: string) => boolean | undefined;
  /** Takes every secret with this value away, as somebody at the database would. */
  readonly remove: (type: SecretType, value: string) => void;
  /** Every value there ever was. */
  readonly everyValue: (type: SecretType) => readonly string[];
  /** Of these, the ones that were neither in the environment nor added before they became current. */
  readonly rotatedOnly: (type: SecretType) => readonly string[];
  /** Of these, the ones that never were to last for longer than a quarter of an hour. */
  readonly brief: (type: SecretType) => readonly string[];
  /** Of these, the ones that were displaced before any list had shown them. */
  readonly crossed: (type: SecretType) => readonly string[];
  readonly restart: () => void;
  /** The database is new: what the API had set is gone, and ids start again. */
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
