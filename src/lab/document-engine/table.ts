import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Behavior, Secret, SecretType } from './state.js';

/** The secrets of one type. */
export interface Table {
  live(): Secret[];
  add(value: string, expiresAt: string): boolean;
  rotate(value: string): boolean;
  expire(id: number, expiresAt: string): boolean | undefined;
  remove(value: string): void;
  /** Reads the environment where nothing is there yet, or where it wins. */
  restart(value: string, wins: boolean): void;
  readonly ever: ReadonlySet<string>;
  /** Values that were neither in the environment nor added before they became current. */
  readonly rotatedOnly: ReadonlySet<string>;
}

interface TableOptions {
  readonly clock: Clock;
  readonly behavior: Behavior;
  readonly type: SecretType;
}

const oneDayMs = 86_400_000;

export function createTable(options: TableOptions): Table {
  return new SecretTable(options);
}

class SecretTable implements Table {
  readonly ever = new Set<string>();
  readonly rotatedOnly = new Set<string>();
  readonly #options: TableOptions;
  #rows: Secret[] = [];
  #lastId = 0;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  /** What has expired is cleared away: a clock that goes back brings nothing back. */
  live(): Secret[] {
    this.#rows = this.#rows.filter(({ expiresAt }) => expiresAt === null || !this.#isPast(expiresAt));
    return this.#rows;
  }

  add(value: string, expiresAt: string): boolean {
    const { behavior, type } = this.#options;
    const isDouble = behavior.duplicates === 'refused' && this.live().some((row) => row.value === value);
    if (isDouble || !isUsable(type, value) || !this.#takesExpiry(expiresAt)) return false;
    this.#insert(value, expiresAt);
    return true;
  }

  rotate(value: string): boolean {
    const { behavior, type } = this.#options;
    const former = this.#rows.find(({ expiresAt }) => expiresAt === null);
    if (!former || !isUsable(type, value)) return false;
    const there = behavior.duplicates === 'refused' && this.live().find((row) => row.value === value);
    if (!this.ever.has(value)) this.rotatedOnly.add(value);
    if (!there) this.#succeed(former, value);
    else if (there !== former) {
      this.#leave(former);
      there.expiresAt = null;
    }
    return true;
  }

  expire(id: number, expiresAt: string): boolean | undefined {
    const row = this.live().find((each) => each.id === id);
    if (!row) return undefined;
    if (row.expiresAt === null || !this.#takesExpiry(expiresAt)) return false;
    row.expiresAt = expiresAt;
    return true;
  }

  remove(value: string): void {
    this.#rows = this.#rows.filter((row) => row.value !== value);
  }

  restart(value: string, wins: boolean): void {
    if (this.#rows.length > 0 && !wins) return;
    this.#rows = [];
    this.#insert(value, null);
  }

  #insert(value: string, expiresAt: string | null): void {
    this.ever.add(value);
    this.#rows.push({ id: ++this.#lastId, value, expiresAt });
  }

  /** Takes the place of the former current secret. */
  #succeed(former: Secret, value: string): void {
    if (this.#options.behavior.rotate === 'in-place') {
      this.ever.add(value);
      former.value = value;
      return;
    }
    this.#leave(former);
    this.#insert(value, null);
  }

  #leave(former: Secret): void {
    const { behavior, clock } = this.#options;
    if (behavior.rotate === 'keeps') former.expiresAt = new Date(clock() + oneDayMs).toISOString();
    else this.#rows = this.#rows.filter((row) => row !== former);
  }

  #isPast(at: string): boolean {
    return Date.parse(at) <= this.#options.clock();
  }

  #takesExpiry(at: string): boolean {
    return this.#options.behavior.pastExpiry === 'allowed' || !this.#isPast(at);
  }
}

/** A key has to be a public PEM; the others are text, the base a long one. */
function isUsable(type: SecretType, value: string): boolean {
  if (type === 'jwt') return publicKeyOf(value) !== null;
  return type === 'secret_key_base' ? value.length >= 64 : value !== '';
}

const marker = ['-----BEGIN', 'PUBLIC KEY-----'].join(' ');

export function publicKeyOf(pem: string): KeyObject | null {
  try {
    return pem.startsWith(marker) ? createPublicKey(pem) : null;
  } catch {
    return null;
  }
}
