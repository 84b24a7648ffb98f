import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { RotationRequest } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import { createKeyRing, type KeyRing } from '../../src/store/key-ring.js';
import { openStore } from '../../src/store/open-store.js';
import type { AdoptedValue, CredentialRow, Writer } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';

export const openai: CredentialRow = {
  name: 'openai',
  procedure: 'openai-api-key',
  account: 'docuelevate:http://docs.test openai:proj_1',
};
export const claims = ['docuelevate:http://docs.test#openai_api_key'];
export const request: RotationRequest = { actor: 'ada', trigger: 'manual', reason: 'it is time' };
export const writer: Writer = { workflowId: 'rotation/openai', runId: 'run-1' };

/** A value that looks like no real one and is never the same twice. */
export function randomValue(): string {
  return `value-${randomBytes(18).toString('base64url')}`;
}

export function adopted(parts: Readonly<Record<string, string>>, change: Partial<AdoptedValue> = {}): AdoptedValue {
  return { credential: openai, parts, soleUser: false, actor: 'ada', claims, ...change };
}

/** Matchers with a type that may be put anywhere. */
export function containing(text: string): unknown {
  return expect.stringContaining(text);
}

export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

export interface Bench {
  readonly folder: string;
  readonly file: string;
  readonly ring: KeyRing;
  readonly store: Store;
  /** What the store takes for the time. */
  clock: number;
  /** One more store on the same file, as another process would have it. */
  another(): Promise<Store>;
  /** Changes rows behind the store's back. */
  edit(sql: string, ...parameters: SQLInputValue[]): void;
  /** Opens a rotation and gives its next version a value. */
  candidate(parts?: Readonly<Record<string, string>>, as?: Writer): Promise<VersionRef>;
  close(): Promise<void>;
}

/** A fresh store in a folder of its own. */
export async function startBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-store-'));
  const file = join(folder, 'keyturn.db');
  const ring = await createKeyRing(join(folder, 'ring.json'));
  const opened: Store[] = [];
  const open = async (): Promise<Store> => {
    const store = await openStore({ url: `sqlite:${file}`, ring, create: true, now: () => bench.clock });
    opened.push(store);
    return store;
  };
  const store = await open();
  const bench: Bench = {
    ...{ folder, file, ring, store, clock: Date.UTC(2026, 10, 1), another: open },
    edit(sql, ...parameters) {
      using database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
      database.prepare(sql).run(...parameters);
    },
    async candidate(parts = { key: randomValue() }, as = writer) {
      const { next } = await store.open(openai, claims, request, as);
      const intent = await store.intend(next);
      await store.keep(next, intent, { providerId: `service_account/${intent.nonce}`, parts });
      return next;
    },
    async close() {
      for (const store of opened) await store.destroy();
      rmSync(folder, { recursive: true });
    },
  };
  return bench;
}
