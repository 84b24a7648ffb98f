import type { z } from 'zod';
import type { RequestsOf, RequestTemplate } from '../../src/domain/requests.js';
import { isLive, type VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { optional, repeated } from '../shared/endpoints.js';
import { requireProof } from '../shared/evidence.js';
import { requireFence } from '../shared/fencing.js';
import { hasValue, storeOrRevoke } from '../shared/keeping.js';
import { saidNo } from '../shared/outside-error.js';
import { needsDecision } from '../shared/failures.js';
import { askAbout, type ProviderSurvey, type SurveyedVersion } from '../shared/survey.js';
import type { IssuingAccount } from './account.js';
import { askingActivities, type KitDeps, proberOf, type Question } from './asking.js';
import { defineProvider, type Provider, type ProviderSpec, type Secrets } from './provider.js';

/**
 * The activities of a provider whose values are shown once, are valid side by side and are in no list. The intent of an attempt
 * whose answer was lost stays open, with its label, until a person says that it is cleaned up. Its value is lost.
 */
export function issuingActivities(deps: KitDeps<IssuingAccount>) {
  return {
    ...askingActivities(deps),

    /** Creates the version's value and stores it. Idempotent. */
    create: (version: VersionRef): Promise<void> => create(deps, version),

    /** Revokes the version's value. Needs fresh proof. */
    remove: (version: VersionRef): Promise<void> => remove(deps, version),

    /** State of the account for `keyturn reconcile`. Changes nothing. */
    survey: (credential: string, quietly?: boolean): Promise<ProviderSurvey> => survey(deps, credential, quietly),
  };
}

export type IssuingActivities = ReturnType<typeof issuingActivities>;

async function create({ store, account }: KitDeps<IssuingAccount>, ref: VersionRef): Promise<void> {
  if (await hasValue(store, ref)) return;
  const provider = await account(ref.credential);
  const intent = await store.intend(ref); // from here on no earlier attempt can store its value
  await requireFence(store, ref);
  const issued = await provider.issue(intent.label).catch(async (error: unknown) => {
    if (saidNo(error)) await store.settle(intent, 'nothing-made');
    throw error;
  });
  const { id: providerId, parts } = issued;
  const revoke = async (): Promise<boolean> => {
    await provider.revoke(issued);
    return (await provider.ask(parts)).verdict === 'refused';
  };
  await storeOrRevoke(store, ref, { intent, created: { providerId, parts }, revoke });
}

async function remove({ store, name, account }: KitDeps<IssuingAccount>, ref: VersionRef): Promise<void> {
  await requireProof(store, ref);
  const { parts: names, providerId, adopted } = await store.read(ref);
  if (names.length === 0 && adopted)
    throw needsDecision(`version ${ref.number} of ${ref.credential} has no value: revoke it at ${name} by hand`);
  if (names.length === 0) return;
  const provider = await account(ref.credential);
  const parts = await store.unseal(ref);
  await store.note(ref, { provider: 'unknown' });
  await requireFence(store, ref);
  await provider.revoke({ id: providerId ?? '', parts });
}

async function survey(deps: KitDeps<IssuingAccount>, credential: string, quietly = false): Promise<ProviderSurvey> {
  const { store, name } = deps;
  const prober = proberOf(deps, await deps.account(credential));
  const versions: SurveyedVersion[] = [];
  for (const version of await store.versions(credential)) {
    const { number, state, parts } = version;
    const asked = state === 'current' && parts.length > 0;
    const known = asked && quietly && (await refusedLately(store, version)) ? 'refused' : undefined;
    const ask = () => askAbout(prober, store, { version, listed: false });
    const verdict = asked ? (known ?? (await ask())) : isLive(state) ? 'listed' : 'not listed';
    versions.push({ number, lastUsedAt: null, verdict });
  }
  return { versions, orphans: [], unlisted: `${name} offers no list` };
}

const refusalLastsMs = 6 * 60 * 60_000; // scheduled checks must not look like an attack

async function refusedLately(store: Store, version: Version): Promise<boolean> {
  const newest = (await store.evidence(version)).find(({ kind }) => kind === 'refused' || kind === 'accepted');
  return newest?.kind === 'refused' && newest.outcome !== 'failed' && Date.now() - newest.at < refusalLastsMs;
}

/** Requests of each verb, in order. */
export interface IssuingRequests {
  readonly ask: readonly RequestTemplate[];
  readonly issue: readonly RequestTemplate[];
  readonly revoke: readonly RequestTemplate[];
  readonly check: readonly RequestTemplate[];
}

export interface IssuingSpec<S extends z.ZodObject> extends Omit<
  ProviderSpec<S, IssuingAccount, IssuingActivities>,
  'connect' | 'activities' | 'requests' | 'listing'
> {
  readonly question: Question;
  readonly requests: IssuingRequests;
  open(section: z.output<S>, secret: Secrets): IssuingAccount;
}

export function defineIssuing<S extends z.ZodObject>(spec: IssuingSpec<S>): Provider<IssuingActivities> {
  const { name, question, requests, ...data } = spec;
  return defineProvider({
    ...{ ...data, name, requests: requestsFrom(requests) },
    connect: (section, secret) => spec.open(section, secret),
    activities: (deps) => issuingActivities({ ...deps, name, question }),
  });
}

function requestsFrom({ ask, issue, revoke, check }: IssuingRequests): RequestsOf<IssuingActivities> {
  return {
    create: [...issue, ...revoke.map(optional), ...ask.map(optional)],
    accepts: ask.map(repeated),
    refuses: ask.map(repeated),
    remove: revoke.map(optional),
    survey: ask.map((each) => optional(repeated(each))),
    checkAccess: check,
  };
}
