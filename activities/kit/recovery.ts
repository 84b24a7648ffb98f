import type { VersionRef } from '../../src/domain/version.js';
import type { Intent } from '../../src/store/records.js';
import { needsDecision, passing } from '../shared/failures.js';
import { fenced } from '../shared/fencing.js';
import { ownIntents } from '../shared/keeping.js';
import type { IssuingAccount, Listed, ListingAccount, NamelessAccount, Target } from './account.js';
import type { KitDeps } from './asking.js';

/** The account of a provider, by how the outcome of a lost create is found out. */
export interface AccountsBy {
  /** Whatever has the attempt's exact label is ours. It is revoked, and the value is issued again. */
  label: ListingAccount;
  /** Values have no names. What was not listed before is ours where nobody else creates any, and while it was never used. */
  absence: NamelessAccount;
  /** There is no list. A person finds the orphan by its label, and the attempt stays open until then. */
  person: IssuingAccount;
}
export type Recovery = keyof AccountsBy;

/** Every verb that an account of the kit may have. */
export type AnyAccount = IssuingAccount & Partial<NamelessAccount>;

export interface IssuingDeps<C extends AnyAccount = AnyAccount> extends KitDeps<C> {
  readonly recovers: Recovery;
  readonly makeRoom?: MakeRoom | undefined;
}

/** Makes room for one more value, where a provider has a quota. `left` are the entries that are no orphans of ours. */
export type MakeRoom = (work: Work, left: readonly Listed[]) => Promise<void>;

/** One credential's account, and a version of it. */
export interface Work<C extends AnyAccount = AnyAccount> extends Omit<IssuingDeps, 'account'> {
  readonly account: C;
  readonly ref: VersionRef;
}

export async function workOn<C extends AnyAccount>(deps: IssuingDeps<C>, ref: VersionRef): Promise<Work<C>> {
  return { ...deps, account: await deps.account(ref.credential), ref };
}

/** Age after which no request of an attempt can still be in progress: the start-to-close timeout of these activities. */
const attemptMs = 60_000;

interface Orphan {
  readonly entry: Listed;
  readonly maker: Intent;
}

/**
 * Revokes the orphans of attempts whose answer was lost. Their values are lost. Returns the other listed entries.
 * @throws ApplicationFailure of type NeedsDecision when somebody else may have created one
 */
export async function sweep(
  work: Work,
  attempts: readonly Intent[],
  { listed, isCompromised = false }: { readonly listed?: readonly Listed[]; readonly isCompromised?: boolean } = {},
): Promise<readonly Listed[]> {
  const { account } = work;
  if (!account.list || attempts.length === 0) return listed ?? [];
  const before = listed ?? (await account.list());
  const orphans = work.recovers === 'label' ? labeled(before, attempts) : await unseenBefore(work, before, attempts);
  for (const { entry } of orphans) await revoke(work, { id: entry.id, listed: before, isCompromised });
  const still = orphans.length === 0 ? [] : (await account.list()).map(({ id }) => id);
  await settle(work, attempts, { orphans, left: orphans.filter(({ entry }) => still.includes(entry.id)) });
  return before.filter((each) => !orphans.some(({ entry }) => entry === each));
}

/** Settles attempts whose orphans are no longer listed, and old attempts that left none. */
async function settle(
  { store, name }: Work,
  attempts: readonly Intent[],
  { orphans, left }: { readonly orphans: readonly Orphan[]; readonly left: readonly Orphan[] },
): Promise<void> {
  for (const attempt of attempts.filter((each) => !left.some(({ maker }) => maker === each))) {
    if (orphans.some(({ maker }) => maker === attempt)) await store.settle(attempt, 'deleted');
    else if (Date.now() - attempt.at > attemptMs) await store.settle(attempt, 'nothing-made');
  }
  if (left.length > 0) throw passing(`${name} still lists a key that it deleted`);
}

/** Sweeps the orphans of the version's own attempts. Asks the provider only where there was such an attempt. */
export async function sweepOwn(work: Work, isCompromised = false): Promise<void> {
  await sweep(work, await ownIntents(work.store, work.ref), { isCompromised });
}

/** Labels are unique to an attempt. */
function labeled(listed: readonly Listed[], attempts: readonly Intent[]): Orphan[] {
  return listed.flatMap((entry) =>
    attempts.filter(({ label }) => label === entry.name).map((maker) => ({ entry, maker })),
  );
}

/** Entries that were not listed before the attempt and belong to no version. */
async function unseenBefore(work: Work, listed: readonly Listed[], attempts: readonly Intent[]): Promise<Orphan[]> {
  const { store } = work;
  const known = (await store.versions()).map(({ providerId }) => providerId);
  const isNewTo = ({ seen = [] }: Intent, id: string): boolean => !known.includes(id) && !seen.includes(id);
  const unknown = listed.filter(
    ({ id, isUnreadable }) => !isUnreadable && attempts.some((attempt) => isNewTo(attempt, id)),
  );
  await requireOurs(work, unknown, attempts);
  const left = [...attempts];
  return unknown.flatMap((entry) => {
    const index = left.findIndex((attempt) => isNewTo(attempt, entry.id));
    return left.splice(Math.max(index, 0), 1).map((maker) => ({ entry, maker }));
  });
}

async function requireOurs(
  { name, account }: Work,
  unknown: readonly Listed[],
  attempts: readonly Intent[],
): Promise<void> {
  if (unknown.length === 0) return;
  const { owner, exclusive } = account;
  const ids = unknown.map(({ id }) => id).join(', ');
  if (!exclusive)
    throw needsDecision(
      `an attempt to create a key got no answer, and ${ids} of ${owner} is new. If nobody else created it, ` +
        `delete it at ${name} and retry, or declare the account with "exclusive: true"`,
    );
  if (unknown.length > attempts.length)
    throw needsDecision(`${ids} of ${owner} are new, more than Keyturn can have created: delete those without a user`);
  for (const { id } of unknown)
    if (typeof (await account.lastUse?.(id)) === 'number')
      throw needsDecision(`${id} of ${owner} is new and was used, so Keyturn does not delete it`);
}

/** Revokes one value under the fence. What can end only with others is recorded by its holder, so that no version joins it. */
export async function revoke(
  { store, account, ref }: Work,
  { parts = {}, labels = [], isCompromised = false, ...target }: Pick<Target, 'id'> & Partial<Omit<Target, 'mayEnd'>>,
): Promise<void> {
  const versions = await store.versions();
  const going = versions.filter(({ compromised }) => compromised).map(({ providerId }) => providerId);
  const mayEnd = (id: string): boolean => going.includes(id);
  const left = await fenced(store, ref, () => account.revoke({ ...target, parts, labels, isCompromised, mayEnd }));
  if (!left) return;
  for (const { credential, number, providerId } of versions)
    if (credential === ref.credential && isWithin(providerId, left.holder))
      await store.note({ ...ref, number }, { providerId: left.holder });
  throw needsDecision(left.why);
}

/** Whether an entry is, or lies within, what has this provider id. An unreadable entry shows no holder. */
export function isOf({ id, isUnreadable }: Listed, own: string | null): boolean {
  return own !== null && (isWithin(id, own) || (isUnreadable === true && own.endsWith(`/${id}`)));
}

/** Whether an id is the outer one, or lies within it. */
export function isWithin(id: string | null, outer: string): boolean {
  return id === outer || id?.startsWith(`${outer}/`) === true;
}
