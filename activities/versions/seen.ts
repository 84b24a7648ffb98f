import type { Evidence, Finding } from '../../src/domain/evidence.js';
import { freshProofMs } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding } from '../shared/evidence.js';
import { propagating } from '../shared/failures.js';

export interface Seen {
  readonly version: VersionRef;
  /** The configuration accepts that the use of the new value cannot be seen. */
  readonly retiresUnseen: boolean;
}

export interface Passing {
  readonly version: VersionRef;
  /** Of several uses within so long the provider may note the first alone. */
  readonly resolutionMs: number;
}

/** The last question before an old value goes for good: a document alone could have gone through with that very value. */
export async function isSeen(store: Store, { version, retiresUnseen }: Seen): Promise<Finding> {
  const evidence = await store.evidence(version);
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(store, version, { kind: 'seen', outcome, detail });
  const use = evidence.find(({ kind, at }) => kind === 'in-use' && Date.now() - at <= freshProofMs);
  if (use?.outcome === 'proved') return say('proved', use.detail);
  const accepted = await acceptance(store, version, evidence);
  if (accepted) return say('not-observable', accepted.detail);
  if (use?.outcome !== 'not-observable')
    return {
      kind: 'in-use',
      outcome: 'failed',
      detail: 'it was not seen in use since it came in force; only skip --without-proof goes on',
    };
  if (retiresUnseen) return say('not-observable', `${use.detail}; the configuration says to retire all the same`);
  return say('failed', `${use.detail}: nobody can see that the engine uses it`);
}

/** A person's word counts for as long as the version is in force. */
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

/** By our clock: whatever is used later is noted by the provider. */
export async function letProbesPass(store: Store, { version, resolutionMs }: Passing): Promise<void> {
  const probe = (await store.evidence(version)).find(({ kind }) => kind === 'accepted');
  const leftMs = (probe?.at ?? 0) + resolutionMs - Date.now();
  if (leftMs > 0)
    throw propagating('a use so soon after our own probe does not show; waiting for that to pass', leftMs);
}
