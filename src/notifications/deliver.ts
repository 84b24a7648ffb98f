import { OutsideError } from '../../activities/shared/outside-error.js';
import { UserError } from '../domain/user-error.js';
import { headText } from '../domain/ledger-head.js';
import type { Store } from '../store/store.js';
import type { Channel } from './notice.js';

/**
 * Sends what waits on a channel, oldest first, up to the first failure: the rest is tried the next time. Each says where the ledger ends, so
 * that whoever keeps it can tell later whether the store was cut off.
 */
export async function deliver(store: Store, channel: Channel): Promise<void> {
  for (let pending = await store.takeNotice(channel.name); pending; pending = await store.takeNotice(channel.name)) {
    const error = await attempt(async () => channel.send({ ...pending.notice, ledger: headText(await store.head()) }));
    await store.settleNotice(pending, error);
    if (error !== null) return;
  }
}

/** Null when it went well, else a sentence without anything from outside. */
export async function attempt(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof OutsideError || error instanceof UserError) return error.message;
    return `internal trouble (${error instanceof Error ? error.constructor.name : typeof error})`;
  }
}
