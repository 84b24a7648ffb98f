import { type Evidence, type Finding, freshProofMs } from '../../src/domain/evidence.js';
import type { EndProof, VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { reporting } from '../shared/evidence.js';
import { propagating } from '../shared/failures.js';

/** From here on the version may be destroyed once the engine no longer holds it. */
export async function startDiscard(store: Store, version: VersionRef): Promise<void> {
  const { state } = await store.read(version);
  if (state === 'intended' || state === 'candidate') await store.move(version, 'discarding');
}

export async function recordDiscarded(store: Store, version: VersionRef): Promise<void> {
  const { state } = await store.read(version);
  if (state === 'discarding') await store.move(version, 'discarded');
}

/** Records the end of a version. Its end proof is the newest finding about its refusal. Idempotent. */
export async function recordEnd(store: Store, version: VersionRef): Promise<void> {
  await startDiscard(store, version);
  await recordDiscarded(store, version);
  const { state } = await store.read(version);
  if (state === 'current') await store.move(version, 'retiring');
  if (state === 'current' || state === 'retiring')
    await store.move(version, 'retired', await endProofOf(store, version));
}

/** Whether only the engine uses a version: known of generated values, asserted by a person for adopted ones. */
export async function soleUser(store: Store, version: VersionRef): Promise<Finding> {
  const { adopted, soleUser: asserted } = await store.read(version);
  const say = reporting(store, version, 'sole-user');
  if (!adopted) return say('proved', 'it was created for this engine alone');
  return asserted
    ? say('proved', 'the operator said so at adoption')
    : say('failed', 'it was adopted, and what else uses it is not known');
}

/** Without a valid finding, a person skipped the check, and their word is the only proof. */
async function endProofOf(store: Store, version: VersionRef): Promise<EndProof> {
  const newest = (await store.evidence(version)).find(({ kind }) => kind === 'refused');
  return !newest || newest.outcome === 'failed' ? 'attested' : newest.outcome;
}

interface Seen {
  readonly version: VersionRef;
  /** The configuration accepts that the use of the new value cannot be observed. */
  readonly retiresUnseen: boolean;
  /** Why the old value may be retired all the same, for people. Default: the configuration says so. */
  readonly because?: string;
}

interface Passing {
  readonly version: VersionRef;
  /** Of several uses within this time the provider may record only the first. */
  readonly resolutionMs: number;
}

/**
 * Whether the engine was seen to use a version, or a person accepts that its use cannot be seen. The last check before an old value is
 * destroyed. A processed document is not enough: the old value may have processed it.
 */
export async function isSeen(store: Store, { version, retiresUnseen, because }: Seen): Promise<Finding> {
  const evidence = await store.evidence(version);
  const say = reporting(store, version, 'seen');
  const use = evidence.find(({ kind, at }) => kind === 'in-use' && Date.now() - at <= freshProofMs);
  if (use?.outcome === 'proved') return say('proved', use.detail);
  const accepted = await acceptance(store, version, evidence);
  if (accepted) return say('not-observable', accepted.detail);
  if (use?.outcome !== 'not-observable')
    return {
      kind: 'in-use',
      outcome: 'failed',
      detail: 'it was not seen in use since it came into force; to continue, choose skip --without-proof',
    };
  if (retiresUnseen)
    return say('not-observable', `${use.detail}; ${because ?? 'the configuration allows retiring without it'}`);
  return say('failed', `${use.detail}: it cannot be observed that the engine uses it`);
}

/** A person's answer counts as long as the version is in force. */
async function acceptance(
  store: Store,
  version: VersionRef,
  evidence: readonly Evidence[],
): Promise<Evidence | undefined> {
  const { promotedAt } = await store.read(version);
  return evidence.find(
    ({ kind, outcome, at }) =>
      kind === 'seen' && outcome === 'not-observable' && at >= (promotedAt ?? Number.POSITIVE_INFINITY),
  );
}

/** Waits, by our clock, until the provider can tell a use of the version from our own probes. */
export async function letProbesPass(store: Store, { version, resolutionMs }: Passing): Promise<void> {
  const probe = (await store.evidence(version)).find(({ kind }) => kind === 'accepted');
  const leftMs = (probe?.at ?? 0) + resolutionMs - Date.now();
  if (leftMs > 0) throw propagating('the provider cannot show a use so soon after our own probe; waiting', leftMs);
}
