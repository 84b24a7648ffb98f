import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { beginLease } from './lease.js';
import { scope } from './scope.js';

/**
 * Requires that this attempt holds the newest fencing token. Call it just before every request that changes something outside.
 * @throws FenceLost
 */
export async function requireFence(store: Store, ref: VersionRef): Promise<void> {
  beginLease(await store.fence(ref, scope().writer));
}
