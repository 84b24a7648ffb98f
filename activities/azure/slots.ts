import { isLive, type VersionRef } from '../../src/domain/version.js';
import type { Finding } from '../../src/domain/evidence.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { openIntents } from '../shared/keeping.js';
import { needsDecision } from '../shared/failures.js';
import { type Slot, slots } from './client.js';
import type { Keys } from './schemas.js';

/** The two slots: the key of the version in force, and the idle key that is replaced next. */
export interface Slots {
  readonly current: Version;
  readonly inUse: Slot;
  readonly idle: Slot;
  /** The idle key as last stored. */
  readonly known: string | undefined;
  /** Keyturn made that idle key and gave it to nobody. */
  readonly ours: boolean;
}

/**
 * Null when no other version is in force, or it is compromised.
 * @throws ApplicationFailure of type NeedsDecision when neither key is the one in force
 */
export async function slotsOf(store: Store, ref: VersionRef, keys: Keys): Promise<Slots | null> {
  const versions = await store.versions(ref.credential);
  const current = versions.find((each) => each.state === 'current' && !each.compromised && each.number !== ref.number);
  if (!current) return null;
  const { key, spare, other } = await store.unseal(current);
  const inUse = slotOf(keys, key);
  if (!inUse)
    throw needsDecision(
      `version ${current.number} of ${ref.credential} is no longer a key of the Azure account: somebody has regenerated it. ` +
        `Run keyturn reconcile ${ref.credential}`,
    );
  return { current, inUse, idle: otherThan(inUse), known: spare ?? other, ours: spare !== undefined };
}

export function slotOf(keys: Keys, value: string | undefined): Slot | undefined {
  return slots.find((slot) => keys[slot] === value);
}

export function otherThan(slot: Slot): Slot {
  return slot === 'Key1' ? 'Key2' : 'Key1';
}

/** Whether the idle key has a user, who would lose it by a regeneration. */
export async function usersOfIdle(store: Store, keys: Keys, { current, idle, known, ours }: Slots): Promise<Finding> {
  const say = (outcome: Finding['outcome'], detail: string): Finding => ({ kind: 'sole-user', outcome, detail });
  const others = (await store.identify(keys[idle])).filter(
    ({ credential, number, state }) =>
      isLive(state) && !(credential === current.credential && number === current.number),
  );
  const [owner] = others;
  if (owner) return say('failed', `${idle} is version ${owner.number} of ${owner.credential}, which is ${owner.state}`);
  if (keys[idle] !== known)
    return (await openIntents(store, current)).length > 0
      ? say('proved', `an interrupted attempt of Keyturn made ${idle}, which was given to nobody`)
      : say('failed', `somebody else has regenerated ${idle}, and its users are not known`);
  if (ours) return say('proved', `Keyturn made ${idle}, which was given to nobody`);
  return current.soleUser
    ? say('proved', 'the operator said at adoption that only the engine uses the account')
    : say('failed', `${idle} was there before the adoption, and its users are not known`);
}

/** Stores the idle key with the version in force. */
export async function keepSpare(store: Store, ref: VersionRef, keys: Keys): Promise<void> {
  const slots = await slotsOf(store, ref, keys);
  if (!slots) return;
  const { current, idle } = slots;
  await store.note({ ...ref, number: current.number }, { parts: { spare: keys[idle] } });
}
