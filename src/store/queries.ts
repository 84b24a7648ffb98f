import { adopt, withdraw } from './adoption.js';
import { cadence, dropCadence, reserve, setCadence } from './cadences.js';
import { type StoreContext, write, writeUnsynced } from './context.js';
import { claim, credentials } from './credentials.js';
import { ask, emergencies, keepMaterial, stopClock } from './emergencies.js';
import { evidence, prove } from './evidence.js';
import { forget, liveVersions } from './forgetting.js';
import { intend, intendAsked, intents, keep, settle } from './intents.js';
import { goesThrough, head, ledger, record, verifyLedger } from './ledger.js';
import { demote, move, promote } from './moves.js';
import { knownNames } from './names.js';
import { note } from './notes.js';
import { addNotices, channelStates, settleNotice, takeNotice } from './notices.js';
import { keepProfile, knownProfile } from './profiles.js';
import { confirmReconciled, unreconciledSince } from './reconciliation.js';
import { rename } from './renaming.js';
import { beginRepair, endRepair } from './repairs.js';
import { close, fence, handOver, open, preview, rotations } from './rotations.js';
import { seize } from './seizure.js';
import { writeStates } from './states.js';
import type { Store } from './store.js';
import { endTask, handOverTask, knownTask, noticeTask, openTask, reassignTask, tasks, withdrawTask } from './tasks.js';
import { claimHeal, keepVerification, releaseHeal, verification } from './verifications.js';
import { versionQueries } from './versions.js';
import { grant, wish, withdrawWish } from './wishes.js';

/** Every method of the store, by the kind of transaction that it is. `Store` says what each does. */
export function queriesOf(context: StoreContext): Omit<Store, 'installation' | 'destroy'> {
  return {
    ...versionQueries(context),
    ...within(context, reading, { credentials, names: knownNames, mayBeAlive: liveVersions, emergencies, preview }),
    ...within(context, reading, { fence, rotations, unreconciledSince, cadence, verification, profile: knownProfile }),
    ...within(context, reading, { channelStates, intents, evidence, ledger, verifyLedger, goesThrough }),
    ...within(context, reading, { tasks, knownTask }),
    ...within(context, itself, { adopt, rename, note, keep, record, addNotices, endTask }),
    ...within(context, write, { claim, ask, stopClock, keepMaterial, handOver, close, wish, withdrawWish, grant }),
    ...within(context, write, { beginRepair, endRepair, confirmReconciled, setCadence, dropCadence, reserve, head }),
    ...within(context, write, { keepVerification, claimHeal, releaseHeal, keepProfile, takeNotice, settleNotice }),
    ...within(context, write, {
      intend,
      intendAsked,
      settle,
      openTask,
      reassignTask,
      handOverTask,
      noticeTask,
      withdrawTask,
    }),
    ...within(context, writeUnsynced, { prove }),
    ...within(context, writeStates, { withdraw, forget, open, seize, move, promote, demote }),
  };
}

type Transaction = typeof write;

/** Needs no transaction. */
const reading: Transaction = (context, action) => action(context);

/** Begins its transaction itself, for instance after a value was sealed, which is asynchronous. */
const itself = reading;

type Query = (context: StoreContext, ...asked: never[]) => Promise<unknown>;

/** Queries as methods: each call is a transaction of this kind. */
type Methods<Queries> = {
  [Name in keyof Queries]: Queries[Name] extends (context: StoreContext, ...asked: infer Asked) => infer Result
    ? (...asked: Asked) => Result
    : never;
};

function within<Queries extends Readonly<Record<string, Query>>>(
  context: StoreContext,
  transaction: Transaction,
  queries: Queries,
): Methods<Queries> {
  const methods = Object.entries(queries).map(([name, query]) => [
    name,
    (...asked: never[]) => transaction(context, (inside) => query(inside, ...asked)),
  ]);
  return Object.fromEntries(methods) as Methods<Queries>;
}
