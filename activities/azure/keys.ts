import { freshProofMs, type Finding } from '../../src/domain/evidence.js';
import { isLive, type VersionRef } from '../../src/domain/version.js';
import type { Intent, LedgerRow } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding, requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { hasValue, openIntents } from '../shared/keeping.js';
import { OutsideError, saidNo } from '../shared/outside-error.js';
import { needsDecision, passing, permanent, propagating } from '../shared/failures.js';
import { scope } from '../shared/scope.js';
import type { AzureDeps } from './activities.js';
import { AzureClient, type Slot, slots } from './client.js';
import type { Keys } from './schemas.js';
import { keepSpare, otherThan, slotOf, type Slots, slotsOf, usersOfIdle } from './slots.js';

/** After this an attempt that runs has had its answer: a request is given up after 10 seconds. */
const answeredMs = 12_000;

/** After this no request of an earlier attempt is under way any more: the start-to-close timeout of these activities. */
const attemptMs = 60_000;

export async function otherIsFree(deps: AzureDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const keys = await (await clientOf(deps, ref)).keys();
  const slots = await slotsOf(store, ref, keys);
  if (slots) return recordFinding(store, ref, await usersOfIdle(store, keys, slots));
  await requireAdopted(deps, ref);
  return recordFinding(store, ref, {
    kind: 'sole-user',
    outcome: 'proved',
    detail: 'no version that is sound is in force',
  });
}

/**
 * A regeneration that is on its way cannot be called back, and when it comes it ends whatever is in the slot. So after one of unknown
 * outcome the slot is read; while nothing shows there, no other value of that slot may come into use.
 */
export async function createKey(deps: AzureDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  if (await hasValue(store, ref)) return;
  const client = await clientOf(deps, ref);
  const keys = await client.keys();
  const slots = await slotsOf(store, ref, keys);
  const work = { deps, client, ref, keys };
  if (!slots) return makeFirst(work);
  const { idle, known } = slots;
  const attempts = await openIntents(store, ref);
  const lost = attempts.findLast(({ version }) => version === ref.number);
  if (lost && keys[idle] !== known) return keep(work, { intent: lost, slot: idle });
  await waitOut(attempts, lost ? answeredMs : attemptMs);
  if (lost) throw mayComeLate(idle);
  await requireFree(work, slots);
  await settleAll(deps, attempts, keys[idle] === known ? 'nothing-made' : 'deleted');
  if (keys[idle] !== known) await keepSpare(store, ref, keys);
  await make(work, idle);
}

export async function regenerateKey(deps: AzureDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  await requireProof(store, ref);
  const client = await clientOf(deps, ref);
  const keys = await client.keys();
  if (!(await hasValue(store, ref))) return forget(deps, ref, keys);
  const { key } = await store.unseal(ref);
  const slot = slotOf(keys, key);
  await store.note(ref, { provider: 'unknown' });
  if (!slot) {
    // Either an earlier attempt of ours has done it, or somebody else: only of the first do we know that nobody was given it.
    if (scope().waitedMs > 0) await keepSpare(store, ref, keys);
    return;
  }
  await requireFence(store, ref);
  await keepSpare(store, ref, await regenerate(client, slot, keys));
}

export async function regenerateSlot(
  deps: AzureDeps,
  { version, slot }: { version: VersionRef; slot: Slot },
): Promise<void> {
  const { store } = deps;
  const sound = (await store.versions(version.credential)).find(
    ({ state, parts, compromised }) => isLive(state) && parts.length > 0 && !compromised,
  );
  if (sound) throw permanent('StaleProof', `version ${sound.number} of ${version.credential} is not compromised`);
  const client = await clientOf(deps, version);
  await requireFence(store, version);
  await client.regenerate(slot);
}

export async function identifyKey(deps: AzureDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  const keys = await (await clientOf(deps, ref)).keys();
  const slot = slotOf(keys, (await store.unseal(ref))['key']);
  if (!slot) throw needsDecision('the adopted value is neither key of the Azure account: is it of another one?');
  await store.note(ref, { providerId: slot, parts: { other: keys[otherThan(slot)] } });
}

interface AzureWork {
  readonly deps: AzureDeps;
  readonly client: AzureClient;
  readonly ref: VersionRef;
  /** As they were read just now. */
  readonly keys: Keys;
}

async function clientOf({ account }: AzureDeps, { credential }: VersionRef): Promise<AzureClient> {
  return new AzureClient(await account(credential));
}

/** Nothing sound is in use: after a containment either slot will do, and the one that a lost request may still hit is left alone. */
async function makeFirst(work: AzureWork): Promise<void> {
  const { deps, ref } = work;
  const { store } = deps;
  await requireAdopted(deps, ref);
  const attempts = (await openIntents(store, ref)).filter(({ version }) => version === ref.number);
  if (attempts.length >= slots.length) await waitOut(attempts, attemptMs);
  const spoiled = (await unansweredIn(store, ref)) ?? (await slotOfLive(work));
  const first = spoiled === 'Key1' ? 'Key2' : 'Key1';
  await make(work, attempts.length % 2 === 0 ? first : otherThan(first));
}

/** The slot of a version that lives on, although it is compromised: a person passed over its end. */
async function slotOfLive({ deps: { store }, ref, keys }: AzureWork): Promise<Slot | undefined> {
  const alive = (await store.versions(ref.credential)).filter(
    ({ state, number, parts }) => isLive(state) && number !== ref.number && parts.length > 0,
  );
  for (const version of alive) {
    const slot = slotOf(keys, (await store.unseal(version))['key']);
    if (slot) return slot;
  }
  return undefined;
}

/** The slot that a containment may still regenerate: its attempt was begun, and its end is not on record. */
async function unansweredIn(store: Store, { credential }: VersionRef): Promise<Slot | undefined> {
  const entries = (await store.ledger({ credential })).filter(({ activity }) => activity === 'azure.regenerateSlot');
  const attemptOf = ({ runId, activityId, attempt }: LedgerRow): string => [runId, activityId, attempt].join();
  const ended = new Set(entries.filter(({ event }) => event !== 'started').map(attemptOf));
  const begun = entries.find((entry) => entry.event === 'started' && !ended.has(attemptOf(entry)));
  return slots.find((slot) => begun?.title?.endsWith(slot)); // the step is called after the slot
}

async function make(work: AzureWork, slot: Slot): Promise<void> {
  const { deps, client, ref } = work;
  const intent = await deps.store.intend(ref);
  await requireFence(deps.store, ref);
  const keys = await regenerate(client, slot, work.keys).catch(async (error: unknown) => {
    if (await cameToNothing(work, slot, error)) await deps.store.settle(intent, 'nothing-made');
    throw error;
  });
  await keep({ ...work, keys }, { intent, slot });
}

/** Azure answered, with a no or with trouble of its own: in the second case the slot tells what came of it. */
async function cameToNothing({ client, keys }: AzureWork, slot: Slot, error: unknown): Promise<boolean> {
  if (saidNo(error)) return true;
  const answered = error instanceof OutsideError && (error.status ?? 0) >= 500;
  return answered && (await client.keys().catch(() => null))?.[slot] === keys[slot];
}

async function regenerate(client: AzureClient, slot: Slot, before: Keys): Promise<Keys> {
  const keys = await client.regenerate(slot);
  if (keys[slot] !== before[slot]) return keys;
  throw permanent('Rejected', `Azure answered that it regenerated ${slot}, and the key is the same`);
}

/** The other key goes along, unless somebody may be using it. */
async function keep(
  { deps, ref, keys }: AzureWork,
  { intent, slot }: { readonly intent: Intent; readonly slot: Slot },
): Promise<void> {
  const { store } = deps;
  const beside = keys[otherThan(slot)];
  const spare = (await store.identify(beside)).length === 0 ? { spare: beside } : {};
  const made = { providerId: slot, parts: { key: keys[slot], ...spare } };
  if (await store.keep(ref, intent, made)) return;
  if (!(await hasValue(store, ref))) throw passing('another attempt of this step took over');
}

/** A version that has no value: what its attempts may have made, nobody was given. */
async function forget(deps: AzureDeps, ref: VersionRef, keys: Keys): Promise<void> {
  const { store } = deps;
  const attempts = (await openIntents(store, ref)).filter(({ version }) => version === ref.number);
  const slots = await slotsOf(store, ref, keys);
  if (!slots || attempts.length === 0) return;
  const made = keys[slots.idle] !== slots.known;
  if (made) await keepSpare(store, ref, keys);
  const over = made ? attempts : attempts.filter(({ at }) => Date.now() - at > attemptMs);
  await settleAll(deps, over, made ? 'deleted' : 'nothing-made');
}

async function settleAll({ store }: AzureDeps, attempts: readonly Intent[], outcome: 'deleted' | 'nothing-made') {
  for (const attempt of attempts) await store.settle(attempt, outcome);
}

/** How often a slow attempt is looked for, at most: fewer than the attempts of these activities. */
const looks = 30;

async function waitOut(attempts: readonly Intent[], longestMs: number): Promise<void> {
  const youngestMs = Math.min(...attempts.map(({ at }) => Date.now() - at));
  if (youngestMs < longestMs)
    throw propagating('an attempt that was interrupted may still regenerate a key', longestMs / looks);
}

/** Shown just now, or accepted by a person within the last minutes. */
async function requireFree({ deps: { store }, ref, keys }: AzureWork, slots: Slots): Promise<void> {
  const finding = await usersOfIdle(store, keys, slots);
  if (finding.outcome === 'proved') return;
  const newest = (await store.evidence(ref)).find(({ kind }) => kind === 'sole-user');
  if (newest && newest.outcome !== 'failed' && Date.now() - newest.at <= freshProofMs) return;
  throw needsDecision(`${slots.idle} is not regenerated: ${finding.detail}`);
}

function mayComeLate(slot: Slot): Error {
  return permanent(
    'Rejected',
    `an attempt to regenerate ${slot} was interrupted and may still arrive, so no value of ${slot} is put into use now. Rotate again in a minute`,
  );
}

/** Before the adoption nobody knows which key is in use. */
async function requireAdopted({ store }: AzureDeps, { credential, number }: VersionRef): Promise<void> {
  const versions = await store.versions(credential);
  if (versions.some((earlier) => earlier.number !== number && earlier.parts.length > 0)) return;
  throw needsDecision(`which of the two keys is in use is not known: keyturn adopt ${credential}`);
}
