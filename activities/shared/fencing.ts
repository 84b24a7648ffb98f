import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { guardChanges } from './http.js';
import { beginLease } from './lease.js';
import { scope } from './scope.js';

/**
 * Requires that this attempt holds the newest fencing token. Call it just before every request that changes something outside.
 * @throws FenceLost
 */
export async function requireFence(store: Store, ref: VersionRef): Promise<void> {
  beginLease(await store.fence(ref, scope().writer));
}

/** Runs `action`, and requires the fence just before each of its requests that may change something. */
export function fenced<T>(store: Store, ref: VersionRef, action: () => Promise<T>): Promise<T> {
  return guardChanges(() => requireFence(store, ref), action);
}
