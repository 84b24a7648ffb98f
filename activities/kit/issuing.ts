import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import type { VersionRef } from '../../src/domain/version.js';
import { isFenceLost } from '../../src/store/failures.js';
import type { RequestsOf } from '../../src/domain/requests.js';
import type { Intent } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding, requireProof } from '../shared/evidence.js';
import { needsDecision, permanent } from '../shared/failures.js';
import { fenced } from '../shared/fencing.js';
import { discard, hasValue, openIntents, storeOrRevoke } from '../shared/keeping.js';
import { saidNo } from '../shared/outside-error.js';
import { scope } from '../shared/scope.js';
import { lastUseFinding } from '../shared/usage.js';
import { withDeps } from '../shared/with-deps.js';
import type { Issued } from './account.js';
import { accepts, checkAccess, type Question, refuses } from './asking.js';
import { issuingRequests, type IssuingRequests } from './issuing-requests.js';
import { identify, isIdle, lastUse, listingOf, noteExpiry, sawUse } from './listed.js';
import { deleteOrphan } from './orphans.js';
import { defineProvider, type Provider, type ProviderData, type Secrets } from './provider.js';
import {
  type AccountsBy,
  type AnyAccount,
  type IssuingDeps,
  type MakeRoom,
  type Recovery,
  revoke,
  sweep,
  sweepOwn,
  type Work,
  workOn,
} from './recovery.js';
import { survey } from './survey.js';

/** The activities of a provider whose values are shown once and are valid side by side. */
function issuingActivities(deps: IssuingDeps) {
  return withDeps(deps, {
    ...{ accepts, refuses, checkAccess, create, remove },
    ...{ identify, sawUse, isIdle, survey, deleteOrphan },
  });
}

export type IssuingActivities = ReturnType<typeof issuingActivities>;

/** Creates the version's value and stores it. Idempotent: `recovers` says what becomes of the orphan of a lost attempt. */
async function create(deps: IssuingDeps, ref: VersionRef): Promise<void> {
  const { store, recovers, makeRoom } = deps;
  if (await hasValue(store, ref)) return;
  const work = await workOn(deps, ref);
  const listed = recovers === 'absence' ? await work.account.list?.() : undefined;
  const seen = listed?.map(({ id }) => id);
  const intent = await store.intend(ref, { seen, writer: scope().writer }); // from here on no earlier attempt can store its value
  const earlier = (await openIntents(store, ref)).filter(({ nonce }) => nonce !== intent.nonce);
  try {
    const left = await sweep(work, earlier, listed && { listed });
    await makeRoom?.(work, left);
  } catch (error) {
    await store.settle(intent, 'nothing-made');
    throw error;
  }
  await keep(work, intent, await issue(work, intent));
  // The value of a lost request that arrived after the list was read is listed by now.
  if (listed && earlier.length > 0) await sweep(work, await openIntents(store, ref));
}

async function issue({ store, account, ref }: Work, intent: Intent): Promise<Issued> {
  const others = (await store.versions(ref.credential)).filter(({ number }) => number !== ref.number);
  const earlier = others.flatMap(({ providerId }) => providerId ?? []);
  const issued = await fenced(store, ref, () => account.issue(intent.label, earlier)).catch(async (error: unknown) => {
    if (saidNo(error) && !isFenceLost(error)) await store.settle(intent, 'nothing-made');
    throw error;
  });
  if (issued.parts) await fenced(store, ref, async () => issued.complete?.());
  return issued;
}

async function keep({ store, name, account, ref }: Work, intent: Intent, issued: Issued): Promise<void> {
  const { id, parts, expiresAt } = issued;
  const revokeIt = async (): Promise<boolean> => {
    const target = { id, parts: parts ?? {}, labels: [intent.label], isCompromised: false, mayEnd: () => false };
    if (await account.revoke(target)) return false;
    if (account.list) return !(await account.list()).some((each) => each.id === id || each.name === intent.label);
    return (await account.ask(target.parts, { expected: 'refused', mark: '' })).verdict === 'refused';
  };
  if (!parts) {
    await discard(store, { intent, revoke: revokeIt });
    throw permanent('Rejected', `${name} created ${id} without a value; it was revoked again`);
  }
  await storeOrRevoke(store, ref, { intent, created: { providerId: id, parts }, revoke: revokeIt });
  await noteExpiry({ store, name }, ref, expiresAt);
}

/** Revokes the version's value and the orphans of its attempts. Needs fresh proof. */
async function remove(deps: IssuingDeps, ref: VersionRef): Promise<void> {
  const { store, name, recovers } = deps;
  await requireProof(store, ref);
  const { parts, providerId, adopted, compromised: isCompromised, state } = await store.read(ref);
  const isKnown = recovers === 'person' ? parts.length > 0 : providerId !== null;
  if (!isKnown && adopted)
    throw needsDecision(
      `version ${ref.number} of ${ref.credential} was adopted, and its value at ${name} is unknown: type its id, or revoke it by hand`,
    );
  const work = await workOn(deps, ref);
  if (isKnown) {
    await store.note(ref, { provider: 'unknown' });
    const attempts = (await store.intents(ref.credential)).filter(({ version }) => version === ref.number);
    const target = {
      ...{ id: providerId ?? '', isCompromised },
      labels: state === 'discarding' ? attempts.map(({ label }) => label) : [],
      parts: recovers === 'person' ? await store.unseal(ref) : {},
    };
    await withLastUse(work, isCompromised ? providerId : null, () => revoke(work, target));
  }
  await sweepOwn(work, isCompromised); // last: the values of lost attempts are lost, and a leaked value must not wait for them
}

/** Longest wait of a revocation for the last use, which cannot be read afterwards. */
const headStartMs = 300;

/** Records the last use of a leaked value, if it is not recorded already. Null: it did not leak. */
async function withLastUse(work: Work, id: string | null, revokeIt: () => Promise<void>): Promise<void> {
  const { store, name, account, ref } = work;
  const isRecorded = async () => (await store.evidence(ref)).some(({ kind }) => kind === 'last-use');
  if (id === null || !account.lastUse || (await isRecorded())) return revokeIt();
  const reading = lastUse(work, id).catch(() => `${name} did not show its last use in time`);
  await Promise.race([reading, delay(headStartMs)]);
  await revokeIt();
  await recordFinding(store, ref, lastUseFinding({ name, lastUsed: await reading }));
}

interface IssuingSpec<
  S extends z.ZodObject,
  R extends Recovery,
  C extends AccountsBy[R],
  Own extends object,
> extends ProviderData<S, C, IssuingActivities> {
  /** What becomes of a value whose answer was lost. This is the safety decision. */
  readonly recovers: R;
  readonly question: Question;
  readonly requests: IssuingRequests;
  readonly makeRoom?: MakeRoom;
  /** Activities that only this provider has, and those that do more for it than the kit's. */
  readonly more?: {
    activities(deps: IssuingDeps<C>, kit: IssuingActivities): Own;
    readonly requests: RequestsOf<Own>;
  };
  open(section: z.output<S>, secret: Secrets): C;
}

export function defineIssuing<
  S extends z.ZodObject,
  R extends Recovery,
  C extends AccountsBy[R],
  Own extends object = object,
>(spec: IssuingSpec<S, R, C, Own>): Provider<IssuingActivities & Own> {
  const { name, recovers, question, requests, makeRoom, more, ...data } = spec;
  return defineProvider({
    ...{ ...data, name },
    requests: { ...issuingRequests(requests, recovers), ...more?.requests } as RequestsOf<IssuingActivities & Own>,
    connect: (section: z.output<S>, secret): C => spec.open(section, secret),
    activities(given: { readonly store: Store; readonly account: (credential: string) => Promise<C> }) {
      const deps = { ...given, name, question, recovers, makeRoom };
      const kit = issuingActivities(deps);
      return { ...kit, ...more?.activities(deps, kit) } as IssuingActivities & Own;
    },
    ...(recovers !== 'person' && { listing: (account: AnyAccount) => listingOf(account as AccountsBy['label']) }),
  });
}
