import { createHash, createHmac } from 'node:crypto';
import { compiled, type StoreContext, write } from './context.js';
import { needsDecision } from './failures.js';
import type { KeyRing } from './key-ring.js';
import type { Tables } from './tables.js';

/*
 * The states of versions (in force, retired, compromised …) decide what is deleted. A digest of them is sealed together with the end of
 * the ledger. A foreign change of a state does not match the digest, and an earlier digest does not match the ledger's end.
 */

type End = Pick<Tables['installation'], 'ledger_seq' | 'ledger_mac' | 'ledger_seal' | 'states'>;

/** Authenticates the end of the ledger and the states of all versions, so that a shortened ledger or a changed state is detected. */
export function sealOf(ring: KeyRing, { ledger_seq, ledger_mac, states }: Omit<End, 'ledger_seal'>): string {
  return createHmac('sha256', ring.ledger).update(`end ${ledger_seq} ${ledger_mac} ${states}`).digest('hex');
}

const selectEnd = compiled((db) =>
  db.selectFrom('installation').select(['ledger_seq', 'ledger_mac', 'ledger_seal', 'states']),
);

/** The end of the ledger, by the installation's row. */
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

async function statesDigest({ db }: Pick<StoreContext, 'db'>): Promise<string> {
  return digestOf(await selectStates(db, []));
}

/** Digest of an empty store. */
export const noStates = digestOf([]);

function digestOf(rows: readonly object[]): string {
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex');
}

/** Whether every version is in the state that Keyturn wrote. Call it inside a transaction. */
export async function statesFit(context: StoreContext): Promise<boolean> {
  const end = await endOf(context);
  return end.ledger_seal === sealOf(context.ring, end) && end.states === (await statesDigest(context));
}

/** @throws NeedsDecision when something other than Keyturn has changed the state of a version */
export async function requireStates(context: StoreContext): Promise<void> {
  if (!(await statesFit(context)))
    throw needsDecision(
      'The state of a version was changed by something other than Keyturn. Compare the database with its backup before you continue',
    );
}

/** A transaction that changes states. A foreign change is never sealed: it stays detectable, and does not block the transaction. */
export async function writeStates<R>(context: StoreContext, action: (context: StoreContext) => Promise<R>): Promise<R> {
  return write(context, async (inside) => {
    const fit = await statesFit(inside);
    const result = await action(inside);
    if (fit) await sealStates(inside);
    return result;
  });
}

async function sealStates(context: StoreContext): Promise<void> {
  const states = await statesDigest(context);
  const ledger_seal = sealOf(context.ring, { ...(await endOf(context)), states });
  await context.db.updateTable('installation').set({ states, ledger_seal }).execute();
}
