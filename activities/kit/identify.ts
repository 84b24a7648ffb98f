import type { VersionRef } from '../../src/domain/version.js';
import { needsDecision } from '../shared/failures.js';
import type { Work } from './recovery.js';

export async function identify(work: Work): Promise<void> {
  const { store, name, account, ref } = work;
  if (!account.find) throw needsDecision(`${name} offers no list to find the adopted value in`);
  const matching = await account.find(await store.unseal(ref));
  const [found] = matching;
  if (!found || matching.length > 1)
    throw needsDecision(
      matching.length === 0
        ? `no key that ${name} lists matches the adopted value: it may belong to another account`
        : `several keys at ${name} match the adopted value: ${matching.map(({ id }) => id).join(', ')}`,
    );
  await store.note(ref, { providerId: found.id });
  await noteExpiry(work, ref, found.expiresAt);
}

/** Records when a version's value expires (Unix seconds by the provider's clock), if that is new. Undefined: unknown. */
export async function noteExpiry(
  { store, name }: Pick<Work, 'store' | 'name'>,
  ref: Pick<VersionRef, 'credential' | 'number'>,
  expiresAt: number | null | undefined,
): Promise<void> {
  if (expiresAt === undefined) return;
  const known = (await store.evidence(ref)).find(({ kind }) => kind === 'ends')?.providerTime ?? null;
  if (known === expiresAt) return;
  await store.prove(
    ref,
    expiresAt === null
      ? { kind: 'ends', outcome: 'not-observable', detail: `${name} no longer shows an expiry` }
      : { kind: 'ends', outcome: 'proved', detail: expiryText(expiresAt), providerTime: expiresAt },
  );
}

export function expiryText(expiresAt: number): string {
  return `it expires at ${new Date(expiresAt * 1000).toISOString()}`;
}
