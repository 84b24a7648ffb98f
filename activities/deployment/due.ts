import { scope } from '../shared/scope.js';
import type { Evidence, EvidenceKind } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';
import type { Deployment, DeploymentDeps } from './activities.js';

/** Records a change that processes notice only when they are started. */
export function noteRestartDue(
  { store }: Pick<DeploymentDeps, 'store'>,
  ref: VersionRef,
  detail: string,
): Promise<void> {
  const { writer } = scope();
  return store.prove(ref, { kind: 'restart-due', outcome: 'proved', detail }, { writer, at: Date.now() });
}

/** When the newest such change for a version was made, in Unix ms. Null when there was none. */
export async function restartDueAt(store: Store, ref: VersionRef): Promise<number | null> {
  return newest(await store.evidence(ref), 'restart-due')?.at ?? null;
}

/** A restart that is known to have succeeded, and what was seen of the processes since. */
export interface KnownRestart {
  readonly restarted: Evidence;
  readonly processes: Evidence | undefined;
}

/**
 * A successful restart of the engine that began after a moment: whoever asked for it, every process read the environment after that
 * moment. Only rotations in progress can have asked, so each credential's newest version is enough.
 */
export async function restartSince(
  store: Store,
  { credentials }: Pick<Deployment, 'credentials'>,
  since: number,
): Promise<KnownRestart | null> {
  for (const credential of credentials) {
    const version = (await store.versions(credential)).at(-1);
    const evidence = version ? await store.evidence(version) : [];
    const restarted = newest(evidence, 'restarted', since);
    if (restarted) return { restarted, processes: newest(evidence, 'processes', restarted.at) };
  }
  return null;
}

/** The newest finding of a kind, not older than `since`. */
export function newest(evidence: readonly Evidence[], kind: EvidenceKind, since = 0): Evidence | undefined {
  return evidence.find((each) => each.kind === kind && each.at >= since);
}
