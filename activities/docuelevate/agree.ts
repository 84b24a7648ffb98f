import { ownConnection } from '../shared/proxy.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import type { DocuElevateClient } from './client.js';
import { fits } from './receipts.js';

const agreeingReads = 20; // misses one stale process of two once in a million times, one of three once in 3,000
const mostWrites = 20; // three processes needed three

export interface Written {
  readonly key: string;
  readonly value: string;
}

/**
 * Makes every API process of the engine show a value. Each process has its own memory, and a write reaches only the process that serves
 * it. An open connection stays with one process. So each read uses a new connection, and a process that disagrees gets the write on the
 * same connection. Documents do not depend on this, so a lasting disagreement is only reported.
 */
export async function letProcessesAgree(
  { store, client }: { readonly store: Store; readonly client: DocuElevateClient },
  ref: VersionRef,
  written: Written,
): Promise<void> {
  let writes = 0;
  for (let agreeing = 0; agreeing < agreeingReads; agreeing += 1) {
    const connection = ownConnection();
    try {
      if (fits(await client.shownValue(written.key, connection), written.value)) continue;
      if (writes === mostWrites) return await report(store, ref, written.key);
      [writes, agreeing] = [writes + 1, -1];
      await requireFence(store, ref);
      await client.writeSetting(written.key, written.value, connection);
    } finally {
      await connection.close();
    }
  }
  if (writes > 0)
    await store.prove(ref, { kind: 'processes', outcome: 'proved', detail: `they agree on ${written.key}` });
}

async function report(store: Store, ref: VersionRef, key: string): Promise<void> {
  const detail = `DocuElevate's API processes do not agree on ${key}: restart its API`;
  await recordFinding(store, ref, { kind: 'processes', outcome: 'failed', detail });
}
