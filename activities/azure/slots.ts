import { isLive, type VersionRef } from '../../src/domain/version.js';
import type { Finding } from '../../src/domain/evidence.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { openIntents } from '../shared/keeping.js';
import { needsDecision } from '../shared/failures.js';
import { type Slot, slots } from './client.js';
import type { Keys } from './schemas.js';

/** The account as the version in force sees it: its own key is in use, the other one is to be replaced. */
export interface Slots {
  readonly current: Version;
  readonly inUse: Slot;
  readonly idle: Slot;
  /** The idle key as we last knew it. */
  readonly known: string | undefined;
  /** We made the idle key as we know it, and nobody was given it. */
  readonly ours: boolean;
}

/** Null when no version but this one is in force, or what is in force is compromised. Throws NeedsDecision when neither key is the one in force. */
export async function slotsOf(store: Store, ref: VersionRef, keys: Keys): Promise<Slots | null> {
  const current = await inForce(store, ref);
  if (!current) return null;
  const { key, spare, other } = await store.unseal(current);
  const inUse = slotOf(keys, key);
  if (!inUse) throw inNeither(current);
  return { current, inUse, idle: otherThan(inUse), known: spare ?? other, ours: spare !== undefined };
}

export async function inForce(store: Store, { credential, number }: VersionRef): Promise<Version | undefined> {
  const versions = await store.versions(credential);
  return versions.find((each) => each.state === 'current' && !each.compromised && each.number !== number);
}

export function slotOf(keys: Keys, value: string | undefined): Slot | undefined {
  return slots.find((slot) => keys[slot] === value);
}

export function otherThan(slot: Slot): Slot {
  return slot === 'Key1' ? 'Key2' : 'Key1';
}

/** What is known of whoever may use the idle key. To regenerate it takes it from them. */
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
      ? say('proved', `an interrupted attempt of ours made ${idle}, and nobody was given it`)
      : say('failed', `somebody has regenerated ${idle}, and what uses it is not known`);
  if (ours) return say('proved', `we made ${idle}, and nobody was given it`);
  return current.soleUser
    ? say('proved', 'the operator said at adoption that nothing but the engine uses the account')
    : say('failed', `${idle} was there before the adoption, and what uses it is not known`);
}

/** Keeps what is beside the version in force from now on. */
export async function keepSpare(store: Store, ref: VersionRef, keys: Keys): Promise<void> {
  const slots = await slotsOf(store, ref, keys);
  if (!slots) return;
  const { current, idle } = slots;
  await store.note({ ...ref, number: current.number }, { parts: { spare: keys[idle] } });
}

function inNeither({ credential, number }: Version): Error {
  return needsDecision(
    `version ${number} of ${credential} is neither key of the Azure account any more, so somebody has regenerated it. ` +
      `Look at it with keyturn reconcile ${credential}`,
  );
}
