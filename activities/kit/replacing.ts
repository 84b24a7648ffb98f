import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { RequestsOf, RequestTemplate } from '../../src/domain/requests.js';
import { isLive, type VersionRef } from '../../src/domain/version.js';
import type { Intent } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { optional, repeated } from '../shared/endpoints.js';
import { requireFence } from '../shared/fencing.js';
import { hasValue, openIntents } from '../shared/keeping.js';
import type { Listing } from '../shared/listing.js';
import { saidNo } from '../shared/outside-error.js';
import { needsDecision, passing } from '../shared/failures.js';
import type { ProviderSurvey, SurveyedVersion } from '../shared/survey.js';
import type { ReplacingAccount } from './account.js';
import { askingActivities, type KitDeps, type Question } from './asking.js';
import { defineProvider, type Parts, type Provider, type ProviderSpec, type Secrets } from './provider.js';

/** The only value there is, as versions and lists name it. */
const onlyOne = 'the only one';

/** The activities of a provider with one value, which a new one replaces at once and which its owner's password shows. */
export function replacingActivities(deps: KitDeps<ReplacingAccount>) {
  return {
    ...askingActivities(deps),

    /** Refuses to go on where the value in force cannot be read: nobody could find a new one whose answer was lost. */
    requireWayIn: async ({ credential }: VersionRef): Promise<void> => {
      await (await deps.account(credential)).read();
    },

    /** Puts the version's value in the place of whatever is in force. Repeatable. */
    replace: (version: VersionRef): Promise<void> => replace(deps, version),

    /** Whether an adopted value is the one in force. */
    identify: (version: VersionRef): Promise<void> => identify(deps, version),

    /** What `keyturn reconcile` wants to know of the account. Changes nothing. */
    survey: (credential: string): Promise<ProviderSurvey> => survey(deps, credential),
  };
}

export type ReplacingActivities = ReturnType<typeof replacingActivities>;

/**
 * The request bears the value that it replaces, so a late one changes nothing. After a lost answer the value is read. In an emergency only
 * what came in an answer counts: who has the leaked value may have replaced it and would know what is read.
 */
async function replace(deps: KitDeps<ReplacingAccount>, ref: VersionRef): Promise<void> {
  const { store, name } = deps;
  const provider = await deps.account(ref.credential);
  const inForce = await provider.read();
  if (inForce && (await isReplaced(store, ref, inForce))) return settleOthers(store, ref);
  const intent = (await hasValue(store, ref)) ? null : await store.intend(ref);
  await requireFence(store, ref);
  const made = await provider.replace(inForce).catch(async (error: unknown) => {
    if (intent && saidNo(error)) await store.settle(intent, 'nothing-made');
    throw error;
  });
  if (inForce && isSame(made, inForce)) throw passing(`${name} answered with the value that it was to replace`);
  if (!intent) return store.note(ref, { parts: made });
  await keep(store, ref, { intent, made });
  await settleOthers(store, ref);
}

/** Whether an attempt of this version has done it already, whose value is kept then. */
async function isReplaced(store: Store, ref: VersionRef, inForce: Parts): Promise<boolean> {
  if (await hasValue(store, ref)) return isSame(await store.unseal(ref), inForce);
  const attempts = (await store.intents(ref.credential)).filter(({ version }) => version === ref.number);
  if (!attempts.some(isOpen) || !(await isOurs(store, ref, inForce))) return false;
  const newest = attempts.at(-1); // it alone may keep a value: a later attempt than the lost one may have been refused
  const intent = newest && isOpen(newest) ? newest : await store.intend(ref);
  await keep(store, ref, { intent, made: inForce });
  return true;
}

function isOpen({ outcome }: Intent): boolean {
  return outcome === 'open';
}

/** What a lost attempt of this version made: nobody else's by all that is known, and not in an emergency. */
async function isOurs(store: Store, ref: VersionRef, inForce: Parts): Promise<boolean> {
  for (const value of Object.values(inForce)) if ((await store.identify(value)).length > 0) return false;
  return !(await store.rotations(ref.credential)).some(({ fence, seized }) => fence === ref.fence && seized);
}

async function keep(
  store: Store,
  ref: VersionRef,
  { intent, made: parts }: { readonly intent: Intent; readonly made: Parts },
): Promise<void> {
  const kept = await store.keep(ref, intent, { providerId: onlyOne, parts });
  if (!kept && !(await hasValue(store, ref))) throw passing('another attempt of this step took over');
}

/** Whatever other attempts made has been replaced by now. */
async function settleOthers(store: Store, ref: VersionRef): Promise<void> {
  for (const attempt of await openIntents(store, ref)) await store.settle(attempt, 'deleted');
}

async function identify({ store, name, account }: KitDeps<ReplacingAccount>, ref: VersionRef): Promise<void> {
  const inForce = await (await account(ref.credential)).read();
  if (!inForce || !isSame(await store.unseal(ref), inForce))
    throw needsDecision(
      `the adopted value is not the one in force at ${name}: is it another user's, or replaced since?`,
    );
  await store.note(ref, { providerId: onlyOne });
}

async function survey(
  { store, name, account }: KitDeps<ReplacingAccount>,
  credential: string,
): Promise<ProviderSurvey> {
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

/** To end the only value is to put one in its place that nobody keeps. */
function listingOf(name: string, account: ReplacingAccount): Listing {
  return {
    async list() {
      const inForce = await account.read();
      if (!inForce) return [];
      const mark = createHash('sha256').update(JSON.stringify(inForce)).digest('hex'); // of a random value: nobody finds it by this
      return [{ id: onlyOne, name: `what is in force at ${name}`, mark, lastUsedAt: null }];
    },
    async end() {
      await account.replace(await account.read());
    },
  };
}

/** Requests of each verb, in order. */
export interface ReplacingRequests {
  readonly ask: readonly RequestTemplate[];
  readonly read: readonly RequestTemplate[];
  readonly replace: readonly RequestTemplate[];
  readonly check: readonly RequestTemplate[];
}

export interface ReplacingSpec<S extends z.ZodObject> extends Omit<
  ProviderSpec<S, ReplacingAccount, ReplacingActivities>,
  'connect' | 'activities' | 'requests' | 'listing'
> {
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
