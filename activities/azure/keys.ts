import { freshProofMs, type Finding } from '../../src/domain/evidence.js';
import { isLive, type VersionRef } from '../../src/domain/version.js';
import type { Intent, LedgerRow } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding, reporting, requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { hasValue, openIntents, ownIntents, settleAll, storeOrGiveUp } from '../shared/keeping.js';
import { OutsideError, saidNo } from '../shared/outside-error.js';
import { needsDecision, permanent, propagating } from '../shared/failures.js';
import { scope } from '../shared/scope.js';
import type { AzureDeps } from './activities.js';
import { AzureClient, type Slot, slots } from './client.js';
import type { Keys } from './schemas.js';
import { keepSpare, otherThan, slotOf, type Slots, slotsOf, usersOfIdle } from './slots.js';

/** Age after which a running attempt has had its answer: a request times out after 10 seconds. */
const answeredMs = 12_000;

/** Age after which no request of an attempt can still be in progress: the start-to-close timeout of these activities. */
const attemptMs = 60_000;

/** Whether the key that the version would replace has no user. */
export async function otherIsFree(deps: AzureDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const keys = await (await clientOf(deps, ref)).keys();
  const slots = await slotsOf(store, ref, keys);
  if (slots) return recordFinding(store, ref, await usersOfIdle(store, keys, slots));
  await requireAdopted(store, ref);
  return reporting(store, ref, 'sole-user')('proved', 'no uncompromised version is in force');
}

/**
 * Regenerates the idle key and stores it. Idempotent. A regeneration in progress cannot be cancelled, and when it arrives it ends the value in its slot. After an unknown outcome the slot
 * is read. While it still shows the old value, no value of that slot may come into use.
 */
export async function createKey(deps: AzureDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  if (await hasValue(store, ref)) return;
  const client = await clientOf(deps, ref);
  const keys = await client.keys();
  const slots = await slotsOf(store, ref, keys);
  const context = { store, client, ref, keys };
  if (!slots) return makeFirst(context);
  const { idle, known } = slots;
  const attempts = await openIntents(store, ref);
  const lost = attempts.findLast(({ version }) => version === ref.number);
  if (lost && keys[idle] !== known) return keep(context, lost, idle);
  await waitOut(attempts, lost ? answeredMs : attemptMs);
  if (lost)
    throw permanent(
      'Rejected',
      `an interrupted attempt to regenerate ${idle} may still arrive, so Keyturn puts no value of ${idle} into use now. Rotate again in a minute`,
    );
  await requireFree(context, slots);
  await settleAll(store, attempts, keys[idle] === known ? 'nothing-made' : 'deleted');
  if (keys[idle] !== known) await keepSpare(store, ref, keys);
  await make(context, idle);
}

/** Regenerates the slot that holds the version's key and stores the new key as the spare. Needs fresh proof. */
export async function regenerateKey(deps: AzureDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  await requireProof(store, ref);
  const client = await clientOf(deps, ref);
  const keys = await client.keys();
  if (!(await hasValue(store, ref))) return forget(store, ref, keys);
  const { key } = await store.unseal(ref);
  const slot = slotOf(keys, key);
  await store.note(ref, { provider: 'unknown' });
  if (!slot) {
    // Either an earlier attempt of ours regenerated the slot, or somebody else. Only our own new key is known to be unused.
    if (scope().waitedMs > 0) await keepSpare(store, ref, keys);
    return;
  }
  await requireFence(store, ref);
  await keepSpare(store, ref, await regenerate(client, slot, keys));
}

/** Regenerates a slot whatever it holds. For emergencies: every live version has to be compromised. */
export async function regenerateSlot(deps: AzureDeps, target: { version: VersionRef; slot: Slot }): Promise<void> {
  const { store } = deps;
  const { version, slot } = target;
  const sound = (await store.versions(version.credential)).find(
    ({ state, parts, compromised }) => isLive(state) && parts.length > 0 && !compromised,
  );
  if (sound) throw permanent('StaleProof', `version ${sound.number} of ${version.credential} is not compromised`);
  const client = await clientOf(deps, version);
  await requireFence(store, version);
  await client.regenerate(slot);
}

/** Finds out which of the two keys an adopted value is, and stores the other one. */
export async function identifyKey(deps: AzureDeps, ref: VersionRef): Promise<void> {
  const { store } = deps;
  const keys = await (await clientOf(deps, ref)).keys();
  const slot = slotOf(keys, (await store.unseal(ref))['key']);
  if (!slot)
    throw needsDecision('the adopted value is neither key of the Azure account: it may belong to another account');
  await store.note(ref, { providerId: slot, parts: { other: keys[otherThan(slot)] } });
}

interface AzureContext {
  readonly store: Store;
  readonly client: AzureClient;
  readonly ref: VersionRef;
  /** As just read. */
  readonly keys: Keys;
}

async function clientOf({ account }: AzureDeps, { credential }: VersionRef): Promise<AzureClient> {
  return new AzureClient(await account(credential));
}

/** No uncompromised version is in use. After a containment either slot serves, except the one that a lost request may still hit. */
async function makeFirst(context: AzureContext): Promise<void> {
  const { store, ref } = context;
  await requireAdopted(store, ref);
  const attempts = await ownIntents(store, ref);
  if (attempts.length >= slots.length) await waitOut(attempts, attemptMs);
  const spoiled = (await unansweredIn(store, ref)) ?? (await slotOfLive(context));
  const first = spoiled === 'Key1' ? 'Key2' : 'Key1';
  await make(context, attempts.length % 2 === 0 ? first : otherThan(first));
}

/** The slot of a compromised version that is still live: a person skipped its end. */
async function slotOfLive({ store, ref, keys }: AzureContext): Promise<Slot | undefined> {
  const alive = (await store.versions(ref.credential)).filter(
    ({ state, number, parts }) => isLive(state) && number !== ref.number && parts.length > 0,
  );
  for (const version of alive) {
    const slot = slotOf(keys, (await store.unseal(version))['key']);
    if (slot) return slot;
  }
  return undefined;
}

/** The slot that a containment may still regenerate: the ledger has the start of its attempt and no end. */
async function unansweredIn(store: Store, { credential }: VersionRef): Promise<Slot | undefined> {
  const entries = (await store.ledger({ credential })).filter(({ activity }) => activity === 'azure.regenerateSlot');
  const attemptOf = ({ runId, activityId, attempt }: LedgerRow): string => [runId, activityId, attempt].join();
  const ended = new Set(entries.filter(({ event }) => event !== 'started').map(attemptOf));
  const begun = entries.find((entry) => entry.event === 'started' && !ended.has(attemptOf(entry)));
  return slots.find((slot) => begun?.title?.endsWith(slot)); // the step's title ends with the slot
}

async function make(context: AzureContext, slot: Slot): Promise<void> {
  const { store, client, ref } = context;
  const intent = await store.intend(ref, { writer: scope().writer });
  await requireFence(store, ref);
  const keys = await regenerate(client, slot, context.keys).catch(async (error: unknown) => {
    if (await cameToNothing(context, slot, error)) await store.settle(intent, 'nothing-made');
    throw error;
  });
  await keep({ ...context, keys }, intent, slot);
}

/** Whether the request changed nothing: Azure refused it, or answered 5xx and the slot still holds the old value. */
async function cameToNothing({ client, keys }: AzureContext, slot: Slot, error: unknown): Promise<boolean> {
  if (saidNo(error)) return true;
  const answered = error instanceof OutsideError && (error.status ?? 0) >= 500;
  return answered && (await client.keys().catch(() => null))?.[slot] === keys[slot];
}

async function regenerate(client: AzureClient, slot: Slot, before: Keys): Promise<Keys> {
  const keys = await client.regenerate(slot);
  if (keys[slot] !== before[slot]) return keys;
  throw permanent('Rejected', `Azure answered that it regenerated ${slot}, but the key is unchanged`);
}

/** Stores the key, and the other one as its spare unless that one may have a user. */
async function keep({ store, ref, keys }: AzureContext, intent: Intent, slot: Slot): Promise<void> {
  const beside = keys[otherThan(slot)];
  const spare = (await store.identify(beside)).length === 0 ? { spare: beside } : {};
  await storeOrGiveUp(store, ref, { intent, created: { providerId: slot, parts: { key: keys[slot], ...spare } } });
}

/** For a version without a value: a key that its attempts may have made was given to nobody. */
async function forget(store: Store, ref: VersionRef, keys: Keys): Promise<void> {
  const attempts = await ownIntents(store, ref);
  const slots = await slotsOf(store, ref, keys);
  if (!slots || attempts.length === 0) return;
  const isRegenerated = keys[slots.idle] !== slots.known;
  if (isRegenerated) await keepSpare(store, ref, keys);
  const over = isRegenerated ? attempts : attempts.filter(({ at }) => Date.now() - at > attemptMs);
  await settleAll(store, over, isRegenerated ? 'deleted' : 'nothing-made');
}

/** Most checks for a slow attempt: fewer than the attempts of these activities. */
const mostChecks = 30;

async function waitOut(attempts: readonly Intent[], longestMs: number): Promise<void> {
  const youngestMs = Math.min(...attempts.map(({ at }) => Date.now() - at));
  if (youngestMs < longestMs)
    throw propagating('an interrupted attempt may still regenerate a key', longestMs / mostChecks);
}

/** Requires that the idle key has no user: proved now, or accepted by a person within the last minutes. */
async function requireFree({ store, ref, keys }: AzureContext, slots: Slots): Promise<void> {
  const finding = await usersOfIdle(store, keys, slots);
  if (finding.outcome === 'proved') return;
  const newest = (await store.evidence(ref)).find(({ kind }) => kind === 'sole-user');
  if (newest && newest.outcome !== 'failed' && Date.now() - newest.at <= freshProofMs) return;
  throw needsDecision(`${slots.idle} is not regenerated: ${finding.detail}`);
}

/** Before the adoption it is not known which key is in use. */
async function requireAdopted(store: Store, { credential, number }: VersionRef): Promise<void> {
  const versions = await store.versions(credential);
  if (versions.some((earlier) => earlier.number !== number && earlier.parts.length > 0)) return;
  throw needsDecision(`it is not known which of the two keys is in use: run keyturn adopt ${credential}`);
}
