import { z } from 'zod';
import { type Notice, noticeEvents } from '../domain/notice.js';
import { type StoreContext, write } from './context.js';
import { append } from './ledger.js';
import type { ChannelState, PendingNotice } from './records.js';

const leaseMs = 60_000; // longer than a send takes; the notice of a dead sender is free again then
const firstPauseMs = 60_000;
const longestPauseMs = 3_600_000;
const mostAttempts = 12; // over about 6 hours; a later notice is no news

const NoticeColumn = z.object({
  id: z.string(),
  event: z.enum(noticeEvents),
  at: z.int(),
  summary: z.string(),
  detail: z.string().nullable(),
  credential: z.string().exactOptional(),
  version: z.int().exactOptional(),
  owner: z.string().exactOptional(),
  task: z.string().exactOptional(),
  for: z.string().exactOptional(),
});

/** Notices are stored before they are sent, so that each goes out once per channel, whichever process sends it. */
export async function addNotices(
  context: StoreContext,
  channels: readonly string[],
  notices: readonly Notice[],
): Promise<void> {
  const known = new Set(await knownIds(context, notices));
  const rows = channels.flatMap((channel) =>
    notices
      .filter(({ id }) => !known.has(`${channel} ${id}`))
      .map((notice) => ({
        ...{ id: notice.id, channel, body: JSON.stringify(notice), at: context.now() },
        attempts: notice.event === 'test' ? mostAttempts : 0, // a test notice is sent by the process that tests
        ...{ next_at: context.now(), tried_at: null, delivered_at: null, error: null },
      })),
  );
  if (rows.length === 0) return;
  await write(context, async ({ db }) => {
    for (const row of rows)
      await db
        .insertInto('notices')
        .values(row)
        .onConflict((conflict) => conflict.columns(['id', 'channel']).doNothing())
        .execute();
  });
}

async function knownIds({ db }: StoreContext, notices: readonly Notice[]): Promise<string[]> {
  if (notices.length === 0) return [];
  const ids = notices.map(({ id }) => id);
  const rows = await db.selectFrom('notices').select(['id', 'channel']).where('id', 'in', ids).execute();
  return rows.map(({ id, channel }) => `${channel} ${id}`);
}

export async function takeNotice({ db, now }: StoreContext, channel: string): Promise<PendingNotice | null> {
  const row = await db
    .selectFrom('notices')
    .selectAll()
    .where('channel', '=', channel)
    .where('delivered_at', 'is', null)
    .where('attempts', '<', mostAttempts)
    .where('next_at', '<=', now())
    .orderBy('at')
    .executeTakeFirst();
  if (!row) return null;
  const attempts = row.attempts + 1;
  await db
    .updateTable('notices')
    .set({ attempts, next_at: now() + leaseMs })
    .where('id', '=', row.id)
    .where('channel', '=', channel)
    .execute();
  return { channel, attempts, notice: NoticeColumn.parse(JSON.parse(row.body)) };
}

/** Records the result of a send. Only a change of a channel's state gets a ledger entry. */
export async function settleNotice(context: StoreContext, pending: PendingNotice, error: string | null): Promise<void> {
  const { channel, attempts, notice } = pending;
  const before = (await channelStates(context)).find(({ name }) => name === channel);
  const at = context.now();
  const pause = Math.min(firstPauseMs * 2 ** (attempts - 1), longestPauseMs);
  await context.db
    .updateTable('notices')
    .set({ tried_at: at, error, ...(error === null ? { delivered_at: at } : { next_at: at + pause }) })
    .where('id', '=', notice.id)
    .where('channel', '=', channel)
    .execute();
  const was = before?.brokenSince ?? null;
  if (error !== null && was === null)
    await append(context, { event: 'channel-broken', detail: `${channel}: ${error}` });
  if (error === null && was !== null) await append(context, { event: 'channel-works', detail: channel });
}

/** A channel is broken after a failure until the next success. */
export async function channelStates({ db }: StoreContext): Promise<ChannelState[]> {
  const rows = await db
    .selectFrom('notices')
    .select(['channel', 'at', 'delivered_at', 'error'])
    .where('tried_at', 'is not', null)
    .orderBy('tried_at')
    .execute();
  const found = new Map<string, ChannelState>();
  for (const { channel, at, delivered_at, error } of rows) {
    const { brokenSince = null } = found.get(channel) ?? {};
    const state =
      delivered_at === null
        ? { brokenSince: Math.min(brokenSince ?? at, at), why: error }
        : { brokenSince: null, why: null };
    found.set(channel, { name: channel, ...state });
  }
  return [...found.values()];
}
