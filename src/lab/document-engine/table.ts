import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Behavior, Secret, SecretType } from './state.js';

/** The secrets of one type. */
export interface Table {
  /** The secrets as a node knows them; node 0 is the database. */
  liveOn(node: number): readonly Secret[];
  /** Returns the secrets, and records that they were listed. */
  list(): readonly Secret[];
  add(value: string, expiresAt: string): boolean;
  rotate(value: string): boolean;
  expire(id: number, expiresAt: string): boolean | undefined;
  remove(value: string): void;
  /** Reads the environment's value when there is no secret yet, or when the environment wins. */
  restart(value: string | null, wins: boolean): void;
  lose(): void;
  readonly ever: ReadonlySet<string>;
  /** Values that became current without being in the environment or added before. */
  readonly rotatedOnly: ReadonlySet<string>;
  /** Values that were current, or added with an expiry of more than a quarter of an hour. */
  readonly lasting: ReadonlySet<string>;
  /** Values that a rotation displaced before any list had shown them: two rotations crossed, and neither could know of the other. */
  readonly crossed: ReadonlySet<string>;
}

interface TableOptions {
  readonly clock: Clock;
  readonly behavior: Behavior;
  readonly type: SecretType;
}

/** The rows from a time on (real milliseconds). */
interface Snapshot {
  readonly at: number;
  readonly rows: readonly Secret[];
}

const oneDayMs = 86_400_000;
const briefMs = 15 * 60_000;
const onTheWayMs = 500; // shorter than any retry interval

export function createTable(options: TableOptions): Table {
  return new SecretTable(options);
}

class SecretTable implements Table {
  readonly ever = new Set<string>();
  readonly rotatedOnly = new Set<string>();
  readonly lasting = new Set<string>();
  readonly crossed = new Set<string>();
  readonly #unlisted = new Map<string, number>();
  readonly #options: TableOptions;
  readonly #past: Snapshot[] = [];
  #rows: Secret[] = [];
  #lastId = 0;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  liveOn(node: number): readonly Secret[] {
    const { nodes, lagMs } = this.#options.behavior;
    if (node % nodes === 0 || lagMs === 0) return this.#live();
    const known = this.#past.findLast(({ at }) => at <= performance.now() - lagMs) ?? this.#past[0];
    return (known?.rows ?? []).filter(({ expiresAt }) => expiresAt === null || !this.#isPast(expiresAt));
  }

  list(): readonly Secret[] {
    this.#unlisted.clear();
    return this.#live();
  }

  /** Deletes expired rows, so that a clock that goes back does not bring them back. */
  #live(): Secret[] {
    this.#rows = this.#rows.filter(({ expiresAt }) => expiresAt === null || !this.#isPast(expiresAt));
    return this.#rows;
  }

  add(value: string, expiresAt: string): boolean {
    const { behavior, type } = this.#options;
    const isDouble = behavior.duplicates === 'refused' && this.#live().some((row) => row.value === value);
    if (isDouble || !isUsable(type, value) || !this.#takesExpiry(expiresAt)) return false;
    if (Date.parse(expiresAt) - this.#options.clock() > briefMs) this.lasting.add(value);
    this.#insert(value, writtenAs(expiresAt, behavior));
    this.#remember();
    return true;
  }

  rotate(value: string): boolean {
    const { behavior, type } = this.#options;
    const former = this.#rows.find(({ expiresAt }) => expiresAt === null);
    if (!former || !isUsable(type, value)) return false;
    const there = behavior.duplicates === 'refused' && this.#live().find((row) => row.value === value);
    if (!this.ever.has(value)) this.rotatedOnly.add(value);
    if (performance.now() - (this.#unlisted.get(former.value) ?? Number.NEGATIVE_INFINITY) < onTheWayMs)
      this.crossed.add(former.value);
    if (!there) this.#succeed(former, value);
    else if (there !== former) {
      this.#end(former);
      there.expiresAt = null;
    }
    this.lasting.add(value);
    this.#unlisted.set(value, performance.now());
    this.#remember();
    return true;
  }

  expire(id: number, expiresAt: string): boolean | undefined {
    const row = this.#live().find((each) => each.id === id);
    if (!row) return undefined;
    if (row.expiresAt === null || !this.#takesExpiry(expiresAt)) return false;
    row.expiresAt = writtenAs(expiresAt, this.#options.behavior);
    this.#remember();
    return true;
  }

  remove(value: string): void {
    this.#rows = this.#rows.filter((row) => row.value !== value);
    this.#remember();
  }

  restart(value: string | null, wins: boolean): void {
    if (value === null || (this.#rows.length > 0 && !wins)) return;
    this.#rows = [];
    this.lasting.add(value);
    this.#insert(value, null);
    this.#remember();
  }

  lose(): void {
    this.#rows = [];
    this.#lastId = 0;
  }

  #remember(): void {
    this.#past.push({ at: performance.now(), rows: this.#rows.map((row) => ({ ...row })) });
  }

  #insert(value: string, expiresAt: string | null): void {
    this.ever.add(value);
    this.#rows.push({ id: ++this.#lastId, value, expiresAt });
  }

  /** Makes the value current in place of the former secret. */
  #succeed(former: Secret, value: string): void {
    if (this.#options.behavior.rotate === 'in-place') {
      this.ever.add(value);
      former.value = value;
      return;
    }
    this.#end(former);
    this.#insert(value, null);
  }

  #end(former: Secret): void {
    const { behavior, clock } = this.#options;
    if (behavior.rotate === 'keeps') former.expiresAt = writtenAs(new Date(clock() + oneDayMs).toISOString(), behavior);
    else this.#rows = this.#rows.filter((row) => row !== former);
  }

  #isPast(at: string): boolean {
    return momentOf(at) <= this.#options.clock();
  }

  #takesExpiry(at: string): boolean {
    return this.#options.behavior.pastExpiry === 'allowed' || !this.#isPast(at);
  }
}

/** An expiry as the deployment stores and lists it. */
function writtenAs(at: string, { precision, zone }: Behavior): string {
  const [, fraction = ''] = /\.(\d+)/.exec(at) ?? [];
  const digits = fraction.padEnd(6, '0').slice(0, precision);
  const second = new Date(Date.parse(at)).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length);
  return `${second}${digits && `.${digits}`}${zone === 'none' ? '' : zone}`;
}

function momentOf(written: string): number {
  return Date.parse(/Z$|[+-]\d\d:\d\d$/.test(written) ? written : `${written}Z`);
}

/** A key must be a public PEM. Other secrets may be any text. */
function isUsable(type: SecretType, value: string): boolean {
  return type === 'jwt' ? publicKeyOf(value) !== null : value !== '';
}

const marker = ['-----BEGIN', 'PUBLIC KEY-----'].join(' ');

export function publicKeyOf(pem: string): KeyObject | null {
  try {
    return pem.startsWith(marker) ? createPublicKey(pem) : null;
  } catch {
    return null;
  }
}
