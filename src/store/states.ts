import { createHash, createHmac } from 'node:crypto';
import { compiled } from './compiled.js';
import { type StoreContext, write } from './context.js';
import { needsDecision } from './failures.js';
import type { KeyRing } from './key-ring.js';
import type { InstallationTable } from './tables.js';

/*
 * What versions are (in force, retired, compromised …) decides what is deleted. A digest of it is sealed together with the end of the ledger:
 * a state that somebody else writes does not fit it, and a digest of earlier states does not fit the ledger's end.
 */

type End = Pick<InstallationTable, 'ledger_seq' | 'ledger_mac' | 'ledger_seal' | 'states'>;

/** Proves where the ledger ends and what state each version is in, so that a shortened ledger and a changed state show. */
export function sealOf(ring: KeyRing, { ledger_seq, ledger_mac, states }: Omit<End, 'ledger_seal'>): string {
  return createHmac('sha256', ring.ledger).update(`end ${ledger_seq} ${ledger_mac} ${states}`).digest('hex');
}

const selectEnd = compiled((db) =>
  db.selectFrom('installation').select(['ledger_seq', 'ledger_mac', 'ledger_seal', 'states']),
);

/** What the installation's row says. */
export async function endOf({ db }: Pick<StoreContext, 'db'>): Promise<End> {
  const [end] = await selectEnd(db, []);
  if (!end) throw new Error('the database has no installation');
  return end;
}

const selectStates = compiled((db) =>
  db
    .selectFrom('versions')
    .select(['credential', 'number', 'state', 'compromised', 'adopted', 'sole_user'])
    .select(['promoted_at', 'retired_at', 'end_proof'])
    .orderBy('credential')
    .orderBy('number'),
);

/** Of every version, as they lie in the database. */
export async function statesDigest({ db }: Pick<StoreContext, 'db'>): Promise<string> {
  return digestOf(await selectStates(db, []));
}

/** Of an empty store. */
export const noStates = digestOf([]);

function digestOf(rows: readonly object[]): string {
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex');
}

/** Whether every version is in the state in which Keyturn left it. Call it inside a transaction. */
export async function statesFit(context: StoreContext): Promise<boolean> {
  const end = await endOf(context);
  return end.ledger_seal === sealOf(context.ring, end) && end.states === (await statesDigest(context));
}

/** @throws NeedsDecision when somebody else has changed the state of a version */
export async function requireStates(context: StoreContext): Promise<void> {
  if (!(await statesFit(context)))
    throw needsDecision(
      'The state of a version was changed by something else than Keyturn. Compare the database with its backup before you go on',
    );
}

/** A transaction that changes states. A change by somebody else is never sealed with them: it shows as long as it is there, and holds nothing up. */
export async function writeStates<R>(context: StoreContext, work: (context: StoreContext) => Promise<R>): Promise<R> {
  return write(context, async (inside) => {
    const fit = await statesFit(inside);
    const result = await work(inside);
    if (fit) await sealStates(inside);
    return result;
  });
}

async function sealStates(context: StoreContext): Promise<void> {
  const states = await statesDigest(context);
  const ledger_seal = sealOf(context.ring, { ...(await endOf(context)), states });
  await context.db.updateTable('installation').set({ states, ledger_seal }).execute();
}
