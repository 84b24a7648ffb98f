import { createHmac } from 'node:crypto';
import { UserError } from '../domain/user-error.js';
import { noteAttempt } from './attempts.js';
import { canonicalJson } from './canonical-json.js';
import { compiled, type StoreContext, write, writeUnsynced } from './context.js';
import type { LedgerHead } from '../domain/ledger-head.js';
import { namesOf } from './names.js';
import type { KeyRing } from './key-ring.js';
import { endOf, sealOf, statesFit } from './states.js';
import { type LedgerEntry, type LedgerRow, NumberedEntry } from './records.js';
import type { Store } from './store.js';
import type { Tables } from './tables.js';

type Row = Tables['ledger'];
type Link = Pick<Row, 'seq' | 'mac'>;

const beginning: Link = { seq: 0, mac: '' };
const pageSize = 1000; // rows in memory while the chain is verified

export function record(context: StoreContext, entry: LedgerEntry): Promise<LedgerRow> {
  const transaction = isEnd(entry) ? writeUnsynced : write;
  return transaction(context, async (inside) => {
    await noteAttempt(inside, entry);
    return append(inside, entry);
  });
}

const takeSeq = compiled((db) =>
  db
    .updateTable('installation')
    .set((column) => ({ ledger_seq: column('ledger_seq', '+', 1) }))
    .returning(['ledger_seq', 'ledger_mac', 'ledger_seal', 'states']),
);
const insertRow = compiled((db) => db.insertInto('ledger').values({ seq: 0, credential: '', entry: '', mac: '' }));
const moveEnd = compiled((db) => db.updateTable('installation').set({ ledger_mac: '', ledger_seal: '' }));

/** Adds an entry to the chain. Call it inside a transaction. */
export async function append({ db, ring, now }: StoreContext, entry: LedgerEntry): Promise<LedgerRow> {
  const [end] = await takeSeq(db, [1]);
  if (!end) throw new Error('the database has no installation');
  const numbered = { ...entry, seq: end.ledger_seq, at: now() };
  const text = canonicalJson(numbered);
  const mac = link(ring, end.ledger_mac, text);
  await insertRow(db, [numbered.seq, entry.credential ?? null, text, mac]);
  const wasSealed = end.ledger_seal === sealOf(ring, { ...end, ledger_seq: end.ledger_seq - 1 });
  // The next entry must not seal over a foreign change.
  await moveEnd(db, [mac, wasSealed ? sealOf(ring, { ...end, ledger_mac: mac }) : end.ledger_seal]);
  return { ...numbered, mac };
}

/** Whether the entry is the end of a step. It may get lost: the step then reads as "unknown", which is true. */
function isEnd({ event }: LedgerEntry): boolean {
  return event === 'succeeded' || event === 'waiting' || event === 'failed';
}

/** Whether the ledger ends as the installation row says, with a genuine entry. Fast enough for every start. Call it inside a transaction. */
export async function endFits({ db, ring }: StoreContext): Promise<boolean> {
  const end = await endOf({ db });
  const [last, before = beginning] = await db
    .selectFrom('ledger')
    .selectAll()
    .orderBy('seq', 'desc')
    .limit(2)
    .execute();
  if (end.ledger_seal !== sealOf(ring, end) || (last ?? beginning).mac !== end.ledger_mac) return false;
  return last === undefined || follows(ring, last, before);
}

/** In order of time; with a limit, the newest ones. Includes entries under earlier names of the credential. */
export async function ledger(context: StoreContext, filter: Parameters<Store['ledger']>[0] = {}): Promise<LedgerRow[]> {
  const { db } = context;
  let query = db.selectFrom('ledger').selectAll().orderBy('seq', 'desc');
  if (filter.credential !== undefined)
    query = query.where('credential', 'in', await namesOf(context, filter.credential));
  if (filter.limit !== undefined) query = query.limit(filter.limit);
  const rows = await query.execute();
  return rows.reverse().map((row) => {
    const entry = read(row);
    if (!entry) throw unreadable(row.seq);
    return { ...entry, mac: row.mac };
  });
}

/** Reads the end first: entries that are added meanwhile come after it. */
export async function verifyLedger(context: StoreContext): ReturnType<Store['verifyLedger']> {
  const { db, ring } = context;
  const [end, fit] = await write(context, async (inside) => [await endOf(inside), await statesFit(inside)] as const);
  let last: Link = beginning;
  for await (const row of walk(db)) {
    if (!follows(ring, row, last)) return { entries: last.seq, head: last.mac, brokenAt: last.seq + 1, statesFit: fit };
    last = row;
  }
  const complete = end.ledger_seal === sealOf(ring, end) && last.seq >= end.ledger_seq;
  return { entries: last.seq, head: last.mac, brokenAt: complete ? null : last.seq + 1, statesFit: fit };
}

/** Writes the sequence number that it already has: the commit then waits for the disk, including all earlier writes. */
export async function head(context: StoreContext): Promise<LedgerHead> {
  await context.db
    .updateTable('installation')
    .set((column) => ({ ledger_seq: column.ref('ledger_seq') }))
    .execute();
  const { ledger_seq, ledger_mac } = await endOf(context);
  return { entries: ledger_seq, head: ledger_mac };
}

export async function goesThrough({ db }: StoreContext, known: LedgerHead): ReturnType<Store['goesThrough']> {
  if (known.entries === 0) return 'yes';
  const row = await db.selectFrom('ledger').select('mac').where('seq', '=', known.entries).executeTakeFirst();
  if (!row) return 'ends-before';
  return row.mac === known.head ? 'yes' : 'another-entry';
}

async function* walk(db: StoreContext['db']): AsyncGenerator<Row> {
  let seq = 0;
  for (;;) {
    const page = await db
      .selectFrom('ledger')
      .selectAll()
      .where('seq', '>', seq)
      .orderBy('seq')
      .limit(pageSize)
      .execute();
    yield* page;
    if (page.length < pageSize) return;
    seq += pageSize; // a gap would have ended the walk before
  }
}

function follows(ring: KeyRing, row: Row, before: Link): boolean {
  if (row.mac !== link(ring, before.mac, row.entry)) return false;
  const entry = read(row);
  return entry?.seq === row.seq && (entry.credential ?? null) === row.credential;
}

function link(ring: KeyRing, before: string, text: string): string {
  return createHmac('sha256', ring.ledger).update(before).update(text).digest('hex');
}

function read({ entry }: Row): NumberedEntry | null {
  try {
    return NumberedEntry.parse(JSON.parse(entry));
  } catch {
    return null;
  }
}

function unreadable(seq: number): UserError {
  return new UserError(`Ledger entry ${seq} cannot be read.`, {
    state: 'It was changed by something other than Keyturn.',
    next: 'Run `keyturn ledger --verify` and compare the database with its backup.',
  });
}
