import type { VersionRef } from '../../src/domain/version.js';
import { isFenceLost } from '../../src/store/failures.js';
import type { Intent, Created } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { passing } from './failures.js';
import { runDirectly, scope } from './scope.js';

interface Creation {
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

/** The open attempts of this version alone. */
export async function ownIntents(store: Store, ref: VersionRef): Promise<Intent[]> {
  return (await openIntents(store, ref)).filter(({ version }) => version === ref.number);
}

export async function settleAll(store: Store, attempts: readonly Intent[], outcome: 'deleted' | 'nothing-made') {
  for (const attempt of attempts) await store.settle(attempt, outcome);
}

/** Generates a version's value and stores it. No outside system sees the value, so a lost attempt leaves no orphan. */
export async function keepGenerated(store: Store, ref: VersionRef, generate: () => Promise<Created>): Promise<void> {
  if (await hasValue(store, ref)) return;
  const created = await generate();
  const intent = await store.intend(ref, { writer: scope().writer });
  const earlier = (await ownIntents(store, ref)).filter(({ nonce }) => nonce !== intent.nonce);
  await settleAll(store, earlier, 'nothing-made');
  await storeOrGiveUp(store, ref, { intent, created });
}

/** Stores the value, unless another attempt has stored one. Throws a retry when another attempt is still at it. */
export async function storeOrGiveUp(store: Store, ref: VersionRef, made: Omit<Creation, 'revoke'>): Promise<void> {
  if (!(await store.keep(ref, made.intent, made.created))) await requireValueOfOther(store, ref);
}

async function requireValueOfOther(store: Store, ref: VersionRef): Promise<void> {
  if (!(await hasValue(store, ref))) throw passing('another attempt of this step took over');
}

/** Stores the value, or revokes it when another attempt or another rotation is the writer now. */
export async function storeOrRevoke(store: Store, ref: VersionRef, creation: Creation): Promise<void> {
  const { intent, created, revoke } = creation;
  try {
    if (await store.keep(ref, intent, created)) return;
  } catch (error) {
    if (isFenceLost(error)) await discard(store, { intent, revoke });
    throw error;
  }
  await discard(store, { intent, revoke });
  await requireValueOfOther(store, ref);
}

/**
 * Revokes a value that this very call created. That needs no fencing token: no other attempt knows its id.
 * Unless it is shown to be gone, its intent stays open and a person has to clean up.
 */
export async function discard(store: Store, { intent, revoke }: Omit<Creation, 'created'>): Promise<void> {
  if (await runDirectly(scope().writer, revoke)) await store.settle(intent, 'deleted');
}
