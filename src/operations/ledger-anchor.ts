import { type Client, ScheduleAlreadyRunning } from '@temporalio/client';
import { type LedgerHead, headOf, headText } from '../domain/ledger-head.js';
import { anchorId, taskQueueOf } from '../domain/temporal-names.js';
import { UserError } from '../domain/user-error.js';
import type { Store } from '../store/store.js';
import { describe } from './schedules.js';
import type { Session } from './session.js';

/*
 * Whoever can write the store's file can cut the end of its ledger off, or put an older copy in its place, and each is right in itself. So
 * workers keep the ledger's head in Temporal: in the note of a paused schedule that starts nothing, which people can read there as well.
 */

type Stored = Pick<Session, 'store'>;

interface Anchor extends LedgerHead {
  /** Unix ms. */
  readonly at: number;
}

const form = /^The ledger ended at (\S+) on (\S+)$/m;

function noteOf(head: LedgerHead): string {
  return `The ledger ended at ${headText(head)} on ${new Date().toISOString()}\nKeyturn compares its store with this. Leave this schedule paused: it starts nothing.`;
}

/** Null where Temporal knows of none, or somebody has written something else there. */
async function anchorOf({ store }: Stored, client: Client): Promise<Anchor | null> {
  const described = await describe(client, anchorId(store.installation));
  const [, text = '', time = ''] = form.exec(described?.state.note ?? '') ?? [];
  const head = headOf(text);
  const at = Date.parse(time);
  return head && !Number.isNaN(at) ? { ...head, at } : null;
}

/** Why a store is not the one whose ledger ended there once; null when it is. */
export async function whyOlder(store: Store, known: LedgerHead): Promise<string | null> {
  const found = await store.goesThrough(known);
  if (found === 'yes') return null;
  const { entries } = await store.head();
  return found === 'ends-before'
    ? `The ledger ends at entry ${entries}, and it had ${known.entries}: its end was cut off, or an older store was put in its place`
    : `Entry ${known.entries} of the ledger is not the one that was there: an older store was put in its place, and went on`;
}

/** The same by what Temporal knows; null as well where it knows nothing, or the store was restored since then. */
export async function whyOlderThanTemporal(session: Stored, client: Client): Promise<string | null> {
  const anchor = await anchorOf(session, client);
  return anchor && againstAnchor(session.store, anchor);
}

async function againstAnchor(store: Store, anchor: Anchor): Promise<string | null> {
  const why = await whyOlder(store, anchor);
  if (why === null) return null;
  const restored = (await store.ledger()).findLast(({ event }) => event === 'restored');
  return restored && restored.at > anchor.at ? null : why;
}

/** @throws UserError when the store is older than what Temporal knows */
export async function requireNewest(session: Stored, client: Client): Promise<void> {
  const why = await whyOlderThanTemporal(session, client);
  if (why !== null) throw olderStore(why);
}

export function olderStore(why: string): UserError {
  return new UserError(why, {
    state: 'Nothing was changed. Values that were made since then are not in this store.',
    next: 'Put the newer store back. If it is lost: keyturn backup <folder>, keyturn restore <folder>, then keyturn reconcile for each credential.',
  });
}

/**
 * Tells Temporal where the ledger ends, unless it ends where it did the last time. Returns the head as text, for the next time.
 * @throws UserError when the store is older than what Temporal knows, which then stays as it is
 */
export async function keepAnchor(session: Stored, client: Client, last: string | null): Promise<string> {
  const { store } = session;
  const [newest] = await store.ledger({ limit: 1 }); // waits for no disk, and is asked every few seconds
  if (newest && headText({ entries: newest.seq, head: newest.mac }) === last) return last;
  const head = await store.head();
  await requireNewest(session, client);
  const id = anchorId(store.installation);
  const state = { paused: true, note: noteOf(head) };
  if (await describe(client, id)) await client.schedule.getHandle(id).update((known) => ({ ...known, state }));
  else await create(client, { id, taskQueue: taskQueueOf(store.installation), state });
  return headText(head);
}

interface Created {
  readonly id: string;
  readonly taskQueue: string;
  readonly state: { readonly paused: boolean; readonly note: string };
}

/** Somebody who triggers it by hand starts a workflow that no worker knows, and that is over soon. */
async function create(client: Client, { id, taskQueue, state }: Created): Promise<void> {
  const action = {
    type: 'startWorkflow',
    workflowType: 'ledgerAnchor',
    workflowId: id,
    taskQueue,
    workflowExecutionTimeout: '1 minute',
  } as const;
  try {
    await client.schedule.create({ scheduleId: id, spec: {}, action, state });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error; // another worker's note is as good
  }
}
