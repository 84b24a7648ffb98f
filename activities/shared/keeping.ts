import type { VersionRef } from '../../src/domain/version.js';
import { isFenceLost } from '../../src/store/failures.js';
import type { Intent, Created } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { passing } from './failures.js';
import { runDirectly, scope } from './scope.js';

/** What an attempt made, and how it is unmade by its id: true when it is seen to be gone. */
export interface Creation {
  readonly intent: Intent;
  readonly made: Created;
  readonly revoke: () => Promise<boolean>;
}

export async function hasValue(store: Store, ref: VersionRef): Promise<boolean> {
  return (await store.read(ref)).parts.length > 0;
}

/** Attempts to create something for a credential of which nobody knows what they made. */
export async function openIntents(store: Store, { credential }: Pick<VersionRef, 'credential'>): Promise<Intent[]> {
  return (await store.intents(credential)).filter(({ outcome }) => outcome === 'open');
}

/** Keeps the value, or revokes what was just made when another attempt or another rotation is the writer now. */
export async function storeOrRevoke(store: Store, ref: VersionRef, { intent, made, revoke }: Creation): Promise<void> {
  try {
    if (await store.keep(ref, intent, made)) return;
  } catch (error) {
    if (isFenceLost(error)) await discard(store, { intent, revoke });
    throw error;
  }
  await discard(store, { intent, revoke });
  if (!(await hasValue(store, ref))) throw passing('another attempt of this step took over');
}

/**
 * Made by this very call: no fence can make it somebody else's, and whoever called this attempt off does not know its id. What is not seen to
 * be gone stays an attempt that somebody has to clear up after.
 */
export async function discard(store: Store, { intent, revoke }: Omit<Creation, 'made'>): Promise<void> {
  if (await runDirectly(scope().writer, revoke)) await store.settle(intent, 'deleted');
}
