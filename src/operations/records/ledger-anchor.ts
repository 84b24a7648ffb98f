import { type Client, ScheduleAlreadyRunning } from '@temporalio/client';
import { type LedgerHead, headOf, headText } from '../../domain/ledger-head.js';
import { anchorId, taskQueueOf } from '../../domain/temporal-names.js';
import { UserError } from '../../domain/user-error.js';
import type { Store } from '../../store/store.js';
import { describe } from '../schedules/schedules.js';
import type { Session } from '../session/session.js';

/*
 * Anybody who can write the store's file can cut off the end of its ledger, or replace it with an older copy. Each is consistent in itself. So
 * workers keep the ledger's head in Temporal: in the note of a paused schedule that starts nothing, where people can read it too.
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

/** Null when Temporal has no anchor, or somebody wrote something else there. */
async function anchorOf({ store }: Stored, client: Client): Promise<Anchor | null> {
  const described = await describe(client, anchorId(store.installation));
  const [, text = '', time = ''] = form.exec(described?.state.note ?? '') ?? [];
  const head = headOf(text);
  const at = Date.parse(time);
  return head && !Number.isNaN(at) ? { ...head, at } : null;
}

/** Why a store's ledger did not go through this head; null when it did. */
export async function whyOlder(store: Store, known: LedgerHead): Promise<string | null> {
  const found = await store.goesThrough(known);
  if (found === 'yes') return null;
  const { entries } = await store.head();
  return found === 'ends-before'
    ? `The ledger ends at entry ${entries}, but it had ${known.entries}: its end was cut off, or an older store was put in its place`
    : `Entry ${known.entries} of the ledger is not the one that was there: an older store was put in its place and used`;
}

/** The same for the head that Temporal knows; null too when it knows none, or the store was restored since then. */
export async function whyOlderThanTemporal(session: Stored, client: Client): Promise<string | null> {
  const anchor = await anchorOf(session, client);
  const why = anchor && (await whyOlder(session.store, anchor));
  if (anchor === null || why === null) return null;
  const restored = (await session.store.ledger()).findLast(({ event }) => event === 'restored');
  return restored && restored.at > anchor.at ? null : why;
}

/** @throws UserError when the store is older than what Temporal knows */
export async function requireNewest(session: Stored, client: Client): Promise<void> {
  const why = await whyOlderThanTemporal(session, client);
  if (why === null) return;
  throw new UserError(why, {
    state: 'Nothing was changed. Values that were made since then are not in this store.',
    next: 'Put the newer store back. If it is lost: keyturn backup <folder>, keyturn restore <folder>, then keyturn reconcile for each credential.',
  });
}

/**
 * Writes the ledger's head to Temporal, unless it is still the `last` one. Returns the head as text, for the next call.
 * @throws UserError when the store is older than what Temporal knows, which is then not changed
 */
export async function keepAnchor(session: Stored, client: Client, last: string | null): Promise<string> {
  const { store } = session;
  const [newest] = await store.ledger({ limit: 1 }); // does not wait for the disk; this runs every few seconds
  if (newest && headText({ entries: newest.seq, head: newest.mac }) === last) return last;
  const head = await store.head();
  await requireNewest(session, client);
  const id = anchorId(store.installation);
  const state = { paused: true, note: noteOf(head) };
  if (await describe(client, id)) await client.schedule.getHandle(id).update((known) => ({ ...known, state }));
  else await client.schedule.create({ ...anchorOptions(store), state }).catch(unlessThere);
  return headText(head);
}

/** Triggered by hand, the schedule starts a workflow that no worker knows and that times out after a minute. */
function anchorOptions({ installation }: Store) {
  const [id, taskQueue] = [anchorId(installation), taskQueueOf(installation)];
  const workflow = {
    workflowType: 'ledgerAnchor',
    workflowId: id,
    taskQueue,
    workflowExecutionTimeout: '1 minute',
  } as const;
  return { scheduleId: id, spec: {}, action: { type: 'startWorkflow', ...workflow } } as const;
}

function unlessThere(error: unknown): void {
  if (!(error instanceof ScheduleAlreadyRunning)) throw error; // another worker's note is just as good
}
