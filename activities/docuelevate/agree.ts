import { ownConnection } from '../shared/proxy.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import type { DocuElevateClient } from './client.js';
import { fits } from './receipts.js';

const agreeingReads = 20; // of two processes a stale one is missed once in a million times, of three once in 3,000
const mostWrites = 20; // with three processes three were enough

export interface Written {
  readonly key: string;
  readonly value: string;
}

/**
 * Makes every API process of the engine show a value. Each has a memory of its own, and a write reaches the one that serves it alone. A
 * connection that is kept always meets the same process: so each read is on a new one, and a process that disagrees is written to on that
 * very connection. Documents do not depend on it, so it is reported when they never agree.
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
