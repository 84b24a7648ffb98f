import { OutsideError } from '../../activities/shared/outside-error.js';
import { UserError } from '../domain/user-error.js';
import { headText } from '../domain/ledger-head.js';
import type { Store } from '../store/store.js';
import type { Channel, Notice } from '../domain/notice.js';

/** Sends what waits on a channel, oldest first, up to the first failure: the rest is tried the next time. */
export async function deliver(store: Store, channel: Channel): Promise<void> {
  for (let pending = await store.takeNotice(channel.name); pending; pending = await store.takeNotice(channel.name)) {
    const error = await send(store, channel, pending.notice);
    await store.settleNotice(pending, error);
    if (error !== null) return;
  }
}

/**
 * Sends one notice, which says where the ledger ends: whoever keeps it can tell later whether the store was cut off. Null when it went well,
 * else a sentence without anything from outside.
 */
export async function send(store: Store, channel: Channel, notice: Notice): Promise<string | null> {
  try {
    await channel.send({ ...notice, ledger: headText(await store.head()) });
    return null;
  } catch (error) {
    if (error instanceof OutsideError || error instanceof UserError) return error.message;
    return `internal trouble (${error instanceof Error ? error.constructor.name : typeof error})`;
  }
}
