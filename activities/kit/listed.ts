import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding } from '../shared/evidence.js';
import { needsDecision } from '../shared/failures.js';
import type { Listing } from '../shared/listing.js';
import { type LastUse, seenInUse, switchTime, unusedSince } from '../shared/usage.js';
import type { Listed, ListingAccount } from './account.js';
import { type AnyAccount, type IssuingDeps, type Work, workOn } from './recovery.js';

// What a provider's list tells of a version: its id, its expiry and its last use.

/** Finds the id of an adopted value, so that it can be attributed later. */
export async function identify(deps: IssuingDeps, ref: VersionRef): Promise<void> {
  const { store, name, account } = await workOn(deps, ref);
  if (!account.find) throw needsDecision(`${name} offers no list to find the adopted value in`);
  const matching = await account.find(await store.unseal(ref));
  const [found] = matching;
  if (!found)
    throw needsDecision(`no key that ${name} lists matches the adopted value: it may belong to another account`);
  if (matching.length > 1)
    throw needsDecision(`several keys at ${name} match the adopted value: ${matching.map(({ id }) => id).join(', ')}`);
  await store.note(ref, { providerId: found.id });
  await noteExpiry(deps, ref, found.expiresAt);
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

/** Whether the provider saw the version's value used by somebody besides us. Retried while its data may lag. */
export async function sawUse(deps: IssuingDeps, ref: VersionRef): Promise<Finding> {
  return seenInUse(await usageOf(await workOn(deps, ref)), deps.store, ref);
}

/** Whether the version's value has been unused since the engine switched to the current one. */
export async function isIdle(deps: IssuingDeps, ref: VersionRef): Promise<Finding> {
  const { store } = deps;
  const work = await workOn(deps, ref);
  const usage = await usageOf(work);
  const reading = { switchedAt: await switchTime(store, ref.credential), readAt: work.account.providerTime };
  return recordFinding(store, ref, await unusedSince({ ...usage, ...reading }, store, ref));
}

async function usageOf(work: Work) {
  const { store, name, account, ref } = work;
  const { propagationMs, usageResolutionMs = 0 } = account;
  const { providerId } = await store.read(ref);
  return { name, propagationMs, usageResolutionMs, lastUsed: await lastUse(work, providerId) };
}

export async function lastUse({ name, account }: Work, id: string | null): Promise<LastUse> {
  if (!account.lastUse) return `${name} does not report when a value was used`;
  return id === null ? `its id at ${name} is unknown` : account.lastUse(id);
}

/** The last use of a listed entry. Undefined where the provider tells of none. */
export async function lastUseOf(account: AnyAccount, { id, lastUsedAt }: Listed): Promise<LastUse | undefined> {
  return lastUsedAt === undefined ? account.lastUse?.(id) : lastUsedAt;
}

/** The values of an account, for an emergency without the store. */
export function listingOf(account: ListingAccount): Listing {
  return {
    async list() {
      const values = (await account.list()).filter(({ isHolder }) => !isHolder);
      return Promise.all(
        values.map(async (entry) => {
          const { id, name, shownAs = name } = entry;
          const used = await lastUseOf(account, entry);
          const at = typeof used === 'number' ? new Date(used * 1000).toISOString() : null;
          return { id, name: shownAs, mark: id, lastUsedAt: at };
        }),
      );
    },
    async end(id) {
      // A person has decided. No store tells what belongs to others, and no list may delay the end.
      await account.revoke({ id, parts: {}, labels: [], listed: [], isCompromised: true, mayEnd: () => true });
    },
  };
}
