import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerRow } from '../../store/records.js';
import type { Store } from '../../store/store.js';

const pollMs = 500; // for people who watch; a read of a few rows
const atOnce = 100;

/** The entries that this process and others add to the ledger, from now on until `signal`. */
export async function* happenings(store: Store, signal: AbortSignal): AsyncGenerator<LedgerRow> {
  let seen = (await store.ledger({ limit: 1 })).at(-1)?.seq ?? 0;
  for (let over = false; !over;) {
    over = signal.aborted; // one last read, for what was entered meanwhile
    for (const row of await store.ledger({ limit: atOnce })) {
      if (row.seq <= seen) continue;
      seen = row.seq;
      yield row;
    }
    if (!over) await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}
