import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { RequestsOf, RequestTemplate } from '../../src/domain/requests.js';
import { isLive, type VersionRef } from '../../src/domain/version.js';
import type { Intent } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { scope } from '../shared/scope.js';
import { optional, repeated } from '../shared/endpoints.js';
import { requireFence } from '../shared/fencing.js';
import { hasValue, openIntents, settleAll, storeOrGiveUp } from '../shared/keeping.js';
import type { Listing } from '../shared/listing.js';
import { saidNo } from '../shared/outside-error.js';
import { needsDecision, passing } from '../shared/failures.js';
import type { ProviderSurvey, SurveyedVersion } from '../shared/survey.js';
import { withDeps } from '../shared/with-deps.js';
import type { ReplacingAccount } from './account.js';
import { accepts, checkAccess, type KitDeps, type Question, refuses } from './asking.js';
import { defineProvider, type Parts, type Provider, type ProviderData, type Secrets } from './provider.js';

/** Id of the only value, in versions and lists. */
const onlyOne = 'the only one';

type Deps = KitDeps<ReplacingAccount>;

/** The activities of a provider with one value. A new value replaces it at once, and its owner's password can read it. */
function replacingActivities(deps: Deps) {
  return withDeps(deps, { accepts, refuses, checkAccess, requireWayIn, replace, identify, survey });
}

export type ReplacingActivities = ReturnType<typeof replacingActivities>;

/** Throws when the value in force cannot be read: a new value whose answer was lost could not be recovered. */
async function requireWayIn({ account }: Deps, { credential }: VersionRef): Promise<void> {
  await (await account(credential)).read();
}

/**
 * Replaces the value in force by the version's value. Idempotent. The request carries the value that it replaces, so a late request
 * changes nothing. After a lost answer the value is read back.
 * In an emergency only a value from an answer counts: an attacker with the leaked value may have replaced it and know what is read.
 */
async function replace(deps: Deps, ref: VersionRef): Promise<void> {
  const { store, name } = deps;
  const provider = await deps.account(ref.credential);
  const inForce = await provider.read();
  if (inForce && (await isReplaced(store, ref, inForce))) return settleOthers(store, ref);
  const intent = (await hasValue(store, ref)) ? null : await store.intend(ref, { writer: scope().writer });
  await requireFence(store, ref);
  const created = await provider.replace(inForce).catch(async (error: unknown) => {
    if (intent && saidNo(error)) await store.settle(intent, 'nothing-made');
    throw error;
  });
  if (inForce && isSame(created, inForce)) throw passing(`${name} returned the old value instead of a new one`);
  if (!intent) return store.note(ref, { parts: created });
  await keep(store, ref, { intent, parts: created });
  await settleOthers(store, ref);
}

/** Whether an earlier attempt of this version has replaced the value. Its value is stored then. */
async function isReplaced(store: Store, ref: VersionRef, inForce: Parts): Promise<boolean> {
  if (await hasValue(store, ref)) return isSame(await store.unseal(ref), inForce);
  const attempts = (await store.intents(ref.credential)).filter(({ version }) => version === ref.number);
  if (!attempts.some(isOpen) || !(await isOurs(store, ref, inForce))) return false;
  const newest = attempts.at(-1); // only the newest attempt may keep a value, and one after the lost attempt may have been refused
  const intent = newest && isOpen(newest) ? newest : await store.intend(ref, { writer: scope().writer });
  await keep(store, ref, { intent, parts: inForce });
  return true;
}

function isOpen({ outcome }: Intent): boolean {
  return outcome === 'open';
}

/** Whether a lost attempt of this version created the value: no other version has it. Never true in an emergency. */
async function isOurs(store: Store, ref: VersionRef, inForce: Parts): Promise<boolean> {
  for (const value of Object.values(inForce)) if ((await store.identify(value)).length > 0) return false;
  return !(await store.rotations(ref.credential)).some(({ fence, seized }) => fence === ref.fence && seized);
}

function keep(store: Store, ref: VersionRef, { intent, parts }: { readonly intent: Intent; readonly parts: Parts }) {
  return storeOrGiveUp(store, ref, { intent, created: { providerId: onlyOne, parts } });
}

/** The values of other attempts have been replaced by now. */
async function settleOthers(store: Store, ref: VersionRef): Promise<void> {
  await settleAll(store, await openIntents(store, ref), 'deleted');
}

/** Whether an adopted value is the one in force. */
async function identify({ store, name, account }: Deps, ref: VersionRef): Promise<void> {
  const inForce = await (await account(ref.credential)).read();
  if (!inForce || !isSame(await store.unseal(ref), inForce))
    throw needsDecision(
      `the adopted value is not the one in force at ${name}: it belongs to another user, or was replaced since`,
    );
  await store.note(ref, { providerId: onlyOne });
}

/** State of the account for `keyturn reconcile`. Changes nothing. */
async function survey({ store, name, account }: Deps, credential: string): Promise<ProviderSurvey> {
  const inForce = await (await account(credential)).read();
  const versions: SurveyedVersion[] = [];
  let known = inForce === null;
  for (const { number, state, parts } of await store.versions(credential)) {
    const isIt = parts.length > 0 && inForce !== null && isSame(await store.unseal({ credential, number }), inForce);
    known ||= isIt;
    const verdict = isIt ? 'accepted' : isLive(state) && parts.length > 0 ? 'refused' : 'not listed';
    versions.push({ number, lastUsedAt: null, verdict });
  }
  const orphan = { id: onlyOne, name: `what is in force at ${name}`, madeFor: null, lastUsedAt: null };
  return { versions, orphans: known ? [] : [orphan] };
}

function isSame(parts: Parts, others: Parts): boolean {
  return Object.entries(others).every(([name, value]) => parts[name] === value);
}

/** The only value is revoked by replacing it with one that is not stored. */
function listingOf(name: string, account: ReplacingAccount): Listing {
  return {
    async list() {
      const inForce = await account.read();
      if (!inForce) return [];
      const mark = createHash('sha256').update(JSON.stringify(inForce)).digest('hex'); // the value is random, so it cannot be guessed from this
      return [{ id: onlyOne, name: `what is in force at ${name}`, mark, lastUsedAt: null }];
    },
    async end() {
      await account.replace(await account.read());
    },
  };
}

/** Requests of each verb, in order. */
type ReplacingRequests = Readonly<Record<'ask' | 'read' | 'replace' | 'check', readonly RequestTemplate[]>>;

interface ReplacingSpec<S extends z.ZodObject> extends ProviderData<S, ReplacingAccount, ReplacingActivities> {
  readonly question: Question;
  readonly requests: ReplacingRequests;
  open(section: z.output<S>, secret: Secrets): ReplacingAccount;
}

export function defineReplacing<S extends z.ZodObject>(spec: ReplacingSpec<S>): Provider<ReplacingActivities> {
  const { name, question, requests, ...data } = spec;
  return defineProvider({
    ...{ ...data, name, requests: requestsFrom(requests) },
    connect: (section, secret) => spec.open(section, secret),
    activities: (deps) => replacingActivities({ ...deps, name, question }),
    listing: (account) => listingOf(name, account),
  });
}

function requestsFrom({ ask, read, replace, check }: ReplacingRequests): RequestsOf<ReplacingActivities> {
  return {
    requireWayIn: read,
    replace: [...read, ...replace.map(optional)],
    identify: read,
    accepts: ask.map(repeated),
    refuses: ask.map(repeated),
    survey: read,
    checkAccess: check,
  };
}
