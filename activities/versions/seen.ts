import type { Evidence, Finding } from '../../src/domain/evidence.js';
import { freshProofMs } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding } from '../shared/evidence.js';
import { propagating } from '../shared/failures.js';

export interface Seen {
  readonly version: VersionRef;
  /** The configuration accepts that the use of the new value cannot be observed. */
  readonly retiresUnseen: boolean;
}

export interface Passing {
  readonly version: VersionRef;
  /** Of several uses within this time the provider may record only the first. */
  readonly resolutionMs: number;
}

/** The last check before an old value is destroyed. A processed document is not enough: the old value may have processed it. */
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
      detail: 'it was not seen in use since it came into force; to continue, choose skip --without-proof',
    };
  if (retiresUnseen) return say('not-observable', `${use.detail}; the configuration allows retiring without it`);
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

/** By our clock. The provider records any later use. */
export async function letProbesPass(store: Store, { version, resolutionMs }: Passing): Promise<void> {
  const probe = (await store.evidence(version)).find(({ kind }) => kind === 'accepted');
  const leftMs = (probe?.at ?? 0) + resolutionMs - Date.now();
  if (leftMs > 0) throw propagating('the provider cannot show a use so soon after our own probe; waiting', leftMs);
}
