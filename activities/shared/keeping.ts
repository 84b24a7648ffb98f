import type { VersionRef } from '../../src/domain/version.js';
import { isFenceLost } from '../../src/store/failures.js';
import type { Intent, Created } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { passing } from './failures.js';
import { runDirectly, scope } from './scope.js';

/** A value that an attempt created. */
export interface Creation {
  readonly intent: Intent;
  readonly created: Created;
  /** Revokes it by its id. True when it is shown to be gone. */
  readonly revoke: () => Promise<boolean>;
}

export async function hasValue(store: Store, ref: VersionRef): Promise<boolean> {
  return (await store.read(ref)).parts.length > 0;
}

/** Attempts to create a value whose outcome is unknown, for one credential. */
export async function openIntents(store: Store, { credential }: Pick<VersionRef, 'credential'>): Promise<Intent[]> {
  return (await store.intents(credential)).filter(({ outcome }) => outcome === 'open');
}

/** Stores the value, or revokes it when another attempt or another rotation is the writer now. */
export async function storeOrRevoke(
  store: Store,
  ref: VersionRef,
  { intent, created, revoke }: Creation,
): Promise<void> {
  try {
    if (await store.keep(ref, intent, created)) return;
  } catch (error) {
    if (isFenceLost(error)) await discard(store, { intent, revoke });
    throw error;
  }
  await discard(store, { intent, revoke });
  if (!(await hasValue(store, ref))) throw passing('another attempt of this step took over');
}

/**
 * Revokes a value that this very call created. That needs no fencing token: no other attempt knows its id.
 * Unless it is shown to be gone, its intent stays open and a person has to clean up.
 */
export async function discard(store: Store, { intent, revoke }: Omit<Creation, 'created'>): Promise<void> {
  if (await runDirectly(scope().writer, revoke)) await store.settle(intent, 'deleted');
}
