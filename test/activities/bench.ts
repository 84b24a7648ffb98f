import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { runDirectly, type Scope } from '../../activities/shared/scope.js';
import { toFailure } from '../../activities/shared/to-failure.js';
import type { CheckOutcome, EvidenceKind, Finding } from '../../src/domain/evidence.js';
import type { RotationRequest } from '../../src/domain/rotation.js';
import type { VersionRef } from '../../src/domain/version.js';
import { createKeyRing } from '../../src/store/key-ring.js';
import { openStore } from '../../src/store/open-store.js';
import type { CredentialRow, Writer } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';

const request: RotationRequest = { actor: 'ada', trigger: 'manual', reason: 'it is time' };

/** A value that looks like no real one and is never the same twice. */
export function randomValue(): string {
  return `value-${randomBytes(18).toString('base64url')}`;
}

/** A real store with one credential, and a rotation to run activities in. */
export interface Bench {
  readonly store: Store;
  readonly credential: string;
  readonly writer: Writer;
  /** Added to the time the store writes down, in milliseconds. */
  clockOffsetMs: number;
  /** Takes in a value as the one in force. */
  adopt(parts: Readonly<Record<string, string>>): Promise<VersionRef>;
  /** Opens a rotation, ending the one before. */
  rotate(): Promise<{ readonly current: VersionRef | null; readonly next: VersionRef }>;
  /** Gives a version a value without asking anybody. */
  give(version: VersionRef, parts: Readonly<Record<string, string>>): Promise<void>;
  prove(version: VersionRef, kind: EvidenceKind, outcome?: CheckOutcome, providerTime?: number): Promise<void>;
  /** Puts `next` in force, with every proof that lets the version before it be destroyed. */
  promote(next: VersionRef): Promise<void>;
  /** One attempt of an activity; what it throws is what Temporal would get. */
  attempt<T>(work: () => Promise<T>, scope?: Partial<Omit<Scope, 'writer'>>): Promise<T>;
  /** Attempts as Temporal makes them, up to the first success or lasting failure. */
  untilDone<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export async function startBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-activities-'));
  const ring = await createKeyRing(join(folder, 'ring.json'));
  const now = (): number => Date.now() + bench.clockOffsetMs;
  const url = `sqlite:${join(folder, 'keyturn.db')}`;
  const row: CredentialRow = { name: 'openai', procedure: 'openai-api-key', account: 'a test' };
  const claims = ['a test#openai_api_key'];
  const writer = { workflowId: 'rotation/openai', runId: 'run-1' };
  let open: VersionRef | null = null;

  async function attempt<T>(work: () => Promise<T>, scope?: Partial<Omit<Scope, 'writer'>>): Promise<T> {
    try {
      return await runDirectly(writer, work, scope);
    } catch (error) {
      throw toFailure(error);
    }
  }
  const prove: Bench['prove'] = (version, kind, outcome = 'proved', providerTime) => {
    const finding: Finding = { kind, outcome, detail: 'shown by the test' };
    return store.prove(version, providerTime === undefined ? finding : { ...finding, providerTime });
  };

  const bench: Omit<Bench, 'store'> = {
    credential: row.name,
    writer,
    clockOffsetMs: 0,
    adopt: (parts) => store.adopt({ credential: row, parts, soleUser: true, actor: 'ada', claims }),
    async rotate() {
      if (open) await store.close(open, 'failed', 'the test goes on');
      const { current, next } = await store.open(row, claims, request, writer);
      open = next;
      return { current, next };
    },
    async give(version, parts) {
      await store.keep(version, await store.intend(version), { providerId: 'service_account/of-the-test', parts });
    },
    prove,
    async promote(next) {
      await store.promote(next);
      for (const kind of ['accepted', 'setting-ours', 'document', 'in-use', 'seen'] as const) await prove(next, kind);
      for (const { number, state } of await store.versions(row.name))
        if (state === 'retiring') await prove({ ...next, number }, 'idle');
    },
    attempt,
    async untilDone(work) {
      const key = randomBytes(8).toString('hex');
      const started = Date.now();
      for (let attempts = 1; ; attempts += 1) {
        try {
          return await attempt(work, { key, waitedMs: Date.now() - started });
        } catch (error) {
          if (!(error instanceof ApplicationFailure) || error.nonRetryable || attempts === 20) throw error;
          await delay(typeof error.nextRetryDelay === 'number' ? error.nextRetryDelay : 5);
        }
      }
    },
    async close() {
      await store.destroy();
      rmSync(folder, { recursive: true });
    },
  };
  const store = await openStore({ url, ring, create: true, now });
  return Object.assign(bench, { store });
}

/** The failure that Temporal would get. Throws when there is none. */
export async function failureOf(work: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await work.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof ApplicationFailure) return error;
  throw error;
}
