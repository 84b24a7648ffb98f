import type { VersionRef } from '../../src/domain/version.js';
import { isFenceLost } from '../../src/store/failures.js';
import type { Intent, Made } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { passing } from './patience.js';
import { runDirectly, scope } from './scope.js';

/** What an attempt made, and how it is unmade by its id: true when it is seen to be gone. */
export interface Creation {
  readonly intent: Intent;
  readonly made: Made;
  readonly unmake: () => Promise<boolean>;
}

export async function hasValue(store: Store, ref: VersionRef): Promise<boolean> {
  return (await store.read(ref)).parts.length > 0;
}

/** Attempts to create something for a credential of which nobody knows what they made. */
export async function openIntents(store: Store, { credential }: Pick<VersionRef, 'credential'>): Promise<Intent[]> {
  return (await store.intents(credential)).filter(({ outcome }) => outcome === 'open');
}

/** Keeps the value, or unmakes what was just made when another attempt or another rotation is the writer now. */
export async function keepOrUnmake(store: Store, ref: VersionRef, { intent, made, unmake }: Creation): Promise<void> {
  try {
    if (await store.keep(ref, intent, made)) return;
  } catch (error) {
    if (isFenceLost(error)) await discard(store, { intent, unmake });
    throw error;
  }
  await discard(store, { intent, unmake });
  if (!(await hasValue(store, ref))) throw passing('another attempt of this step took over');
}

/**
 * Made by this very call: no fence can make it somebody else's, and whoever called this attempt off does not know its id. What is not seen to
 * be gone stays an attempt that somebody has to clear up after.
 */
export async function discard(store: Store, { intent, unmake }: Omit<Creation, 'made'>): Promise<void> {
  if (await runDirectly(scope().presenter, unmake)) await store.settle(intent, 'deleted');
}
