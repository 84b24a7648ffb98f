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
}

export const usualBehavior: Readonly<Behavior> = {
  rotate: 'drops',
  change: 'PATCH',
  otherChange: 405,
  duplicates: 'allowed',
  pastExpiry: 'allowed',
};

export interface Secret {
  readonly id: number;
  value: string;
  /** ISO 8601 with microseconds, as it was given; null for the current one. */
  expiresAt: string | null;
}

/** The deployment's environment: what a restart reads. */
export interface Environment {
  readonly replaceSecrets: boolean;
  readonly secrets: Readonly<Record<SecretType, string>>;
}

/** The secrets of one Document Engine. Methods answer whether the engine takes what it is asked. */
export interface DocumentEngineState {
  readonly algorithm: JwtAlgorithm;
  readonly now: Clock;
  /** Non-expired ones, the current one among them. */
  readonly live: (type: SecretType) => readonly Secret[];
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
  readonly restart: () => void;
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
  return {
    ...{ algorithm, now: clock, restart },
    live: (type) => tables[type].live(),
    add: (type, value, expiresAt) => tables[type].add(value, expiresAt),
    rotate: (type, value) => tables[type].rotate(value),
    expire: (type, id, expiresAt) => tables[type].expire(id, expiresAt),
    remove: (type, value) => tables[type].remove(value),
    everyValue: (type) => [...tables[type].ever],
    rotatedOnly: (type) => [...tables[type].rotatedOnly],
  };
}
