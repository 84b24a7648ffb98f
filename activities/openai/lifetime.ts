import type { VersionRef } from '../../src/domain/version.js';
import type { Store } from '../../src/store/store.js';

const daySeconds = 86_400;

/** OpenAI's maximum for `expires_in_seconds`. */
export const longestSeconds = 365 * daySeconds;

/**
 * Lifetimes to request one after the other, in seconds. Null: no expiry. A policy of the organization or the project may demand an
 * expiry and refuse the longest one. An emergency must not fail because of that.
 */
export function lifetimes(configuredMs: number | null): readonly (number | null)[] {
  if (configuredMs !== null) return [Math.floor(configuredMs / 1000)];
  return [null, ...[365, 180, 90, 60, 30, 14, 7, 1].map((days) => days * daySeconds)];
}

/** Records when a version's key expires (Unix seconds by OpenAI's clock), if that is new. */
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
      : { kind: 'ends', outcome: 'not-observable', detail: 'OpenAI no longer shows an expiry' },
  );
}

export function endText(expiresAt: number): string {
  return `it expires at ${new Date(expiresAt * 1000).toISOString()}`;
}
