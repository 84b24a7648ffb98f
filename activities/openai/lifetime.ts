import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';

const daySeconds = 86_400;

/** The most that OpenAI takes for `expires_in_seconds`. */
export const longestSeconds = 365 * daySeconds;

/**
 * The lifetimes that are asked for one after the other, in seconds; null for a key without an end. A policy of the organization or the
 * project may demand one and not take the longest, and an emergency must not fail for that.
 */
export function lifetimes(configuredMs: number | null): readonly (number | null)[] {
  if (configuredMs !== null) return [Math.floor(configuredMs / 1000)];
  return [null, ...[365, 180, 90, 60, 30, 14, 7, 1].map((days) => days * daySeconds)];
}

/** Keeps when OpenAI ends a version's key by itself (Unix seconds by its clock), where that is new. */
export async function noteEnd(
  store: Store,
  ref: Pick<VersionRef, 'credential' | 'number'>,
  expiresAt: number | null | undefined,
): Promise<void> {
  const known = (await store.evidence(ref)).find(({ kind }) => kind === 'ends');
  if ((known?.providerTime ?? null) === (expiresAt ?? null)) return;
  await store.prove(
    ref,
    typeof expiresAt === 'number'
      ? { kind: 'ends', outcome: 'proved', detail: endText(expiresAt), providerTime: expiresAt }
      : { kind: 'ends', outcome: 'not-observable', detail: 'OpenAI shows no end of it any more' },
  );
}

export function endText(expiresAt: number): string {
  return `OpenAI ends it by itself at ${new Date(expiresAt * 1000).toISOString()}`;
}
