import { OutsideError } from '../../activities/shared/outside-error.js';
import { UserError } from '../domain/user-error.js';
import { headText } from '../domain/ledger-head.js';
import type { Store } from '../store/store.js';
import type { Channel, Notice } from '../domain/notice.js';

/** Sends the pending notices of a channel, oldest first, up to the first failure. The rest waits for the next time. */
export async function deliver(store: Store, channel: Channel): Promise<void> {
  for (let pending = await store.takeNotice(channel.name); pending; pending = await store.takeNotice(channel.name)) {
    const error = await send(store, channel, pending.notice);
    await store.settleNotice(pending, error);
    if (error !== null) return;
  }
}

/**
 * Sends one notice with the head of the ledger. A receiver who keeps it can tell later whether the ledger was cut off. Null on success, else a
 * sentence without foreign text.
 */
export async function send(store: Store, channel: Channel, notice: Notice): Promise<string | null> {
  try {
    await channel.send({ ...notice, ledger: headText(await store.head()) });
    return null;
  } catch (error) {
    if (error instanceof OutsideError || error instanceof UserError) return error.message;
    return `internal error (${error instanceof Error ? error.constructor.name : typeof error})`;
  }
}
