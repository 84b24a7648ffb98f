import { judge } from '../../src/domain/in-force.js';
import { mustAsk } from '../../src/domain/last-use.js';
import {
  type Before,
  beforeOf,
  type Look,
  type Probe,
  retriesMs,
  type Terms,
  type Verification,
} from '../../src/domain/verification.js';
import { isLive } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import type { EngineLook } from '../docuelevate/look.js';
import type { ProviderSurvey } from '../shared/survey.js';
import { switchTime } from '../shared/usage.js';
import type { UploadsAgain, VerificationDeps, Verified } from './activities.js';
import { subjectOf } from './subject.js';

/** Result of one verification. */
export interface Seen {
  readonly credential: string;
  /** Why it was skipped. Null when it was verified. */
  readonly skipped: string | null;
  /** Null when it was never verified. */
  readonly known: Verification | null;
  readonly heal: boolean;
  /** Milliseconds until the next verification can show more. */
  readonly againMs: number | null;
}

export async function lookAt(deps: VerificationDeps, credential: string): Promise<Seen> {
  const { store } = deps;
  const known = await store.verification(credential);
  const skip = (skipped: string): Seen => ({ credential, skipped, known, heal: false, againMs: null });
  const before = await subjectOf(deps, credential);
  const verified = deps.verified(credential);
  if (!verified) return skip('it is no longer in the configuration');
  if (!before.current) return skip(before.why);
  const { look, memory, terms } = await observe({ deps, verified, known }, before.current);
  const after = await subjectOf(deps, credential);
  if (after.stamp !== before.stamp) return skip('a rotation has begun meanwhile');
  const { next, heal, againMs } = judge(known, look, terms);
  const kept = { ...next, memory: { ...next.memory, ...memory } };
  if (!(await store.keepVerification(known, kept))) return skip('it was verified elsewhere at the same time');
  return { credential, skipped: null, known: kept, heal, againMs };
}

interface Looking {
  readonly deps: VerificationDeps;
  readonly verified: Verified;
  readonly known: Verification | null;
}

/** Reads the last use first, before a probe of ours can change it, and the engine last. */
async function observe({ deps, verified, known }: Looking, current: Version) {
  const { store } = deps;
  const { credential, number: version } = current;
  const before = beforeOf(known, { version });
  const { line, changes, refusedAt } = before.memory;
  const probes = await probesOf(store, current);
  const first = await verified.survey(true);
  const { lastUsedAt: lastUsed, verdict } = surveyed(first, version);
  const uploads = verdict === 'not listed' || isRetrying(before, deps.now()) ? null : verified.uploadAgain;
  const { uploaded, terms } = await useAgain(uploads, verified.terms);
  const asked = mustAsk(known, { version, at: deps.now(), lastUsed, probes }, terms);
  const survey = asked ? await verified.survey(false) : first;
  const ref = { credential, number: version, fence: current.fence };
  const engine = await verified.look({ version: ref, use: verified.use, line, changes });
  const versions = await store.versions(credential);
  const look: Look = {
    ...{ credential, version, lastUsed, probes, at: deps.now() },
    ...{ settings: engine.settings, documents: uploaded ? { ...uploaded, isNewest: true } : engine.documents },
    verdict: verdictOf(surveyed(survey, version).verdict, refusedAt, deps.now()),
    revived: revivedIn(first, versions, await switchTime(store, credential)),
    isOnlyOne: isOnlyOne(versions, engine),
    healable: verified.makeReload !== null && Object.keys(current.receipts).length > 0,
  };
  return { look, terms, memory: { line: engine.line, changes: engine.changes } };
}

/** Whether the engine itself retries a failed upload. Keyturn uploads nothing meanwhile. */
function isRetrying({ drift, since, healTriedAt, memory: { refusedAt } }: Before, now: number): boolean {
  const failedAt = drift === 'failing' ? Math.max(since, healTriedAt ?? 0) : (refusedAt ?? Number.NEGATIVE_INFINITY);
  return now - failedAt < retriesMs;
}

/** An upload at each verification is a use of the value, so the provider's data have to show it. */
async function useAgain(uploads: UploadsAgain | null, terms: Terms) {
  const uploaded = (await uploads?.upload()) ?? 'gone';
  if (uploaded === 'gone' || uploaded === 'unfit') return { uploaded: null, terms };
  const checkedEveryMs = uploads?.everyMs ?? terms.checkedEveryMs;
  return { uploaded: uploaded === 'unfinished' ? null : uploaded, terms: { ...terms, checkedEveryMs } };
}

/** Every use of ours that the provider may have recorded. */
async function probesOf(store: Store, version: Version): Promise<Probe[]> {
  const evidence = await store.evidence(version);
  return evidence.filter(({ kind, outcome }) => kind === 'accepted' && outcome === 'proved');
}

function surveyed({ versions }: ProviderSurvey, number: number): ProviderSurvey['versions'][number] {
  return versions.find((each) => each.number === number) ?? { number, verdict: 'not listed', lastUsedAt: null };
}

/** A recent refusal counts until the engine itself has given up. It is not asked again, because servers count failed logins. */
function verdictOf(verdict: Look['verdict'], refusedAt: number | null, now: number): Look['verdict'] {
  return verdict === 'listed' && refusedAt !== null && now - refusedAt < retriesMs ? 'refused' : verdict;
}

/** Versions no longer in force that exist again or are still used. */
function revivedIn(survey: ProviderSurvey, versions: readonly Version[], switchedAt: number | undefined): string[] {
  const others = versions.filter(({ state }) => state !== 'current');
  return others.flatMap(({ number, state }) => {
    const { verdict, lastUsedAt } = surveyed(survey, number);
    const isThere = verdict === 'listed' || verdict === 'accepted';
    if (!isLive(state)) return isThere ? [`version ${number} is ${state}, and the provider has it again`] : [];
    const isUsed = lastUsedAt !== null && switchedAt !== undefined && lastUsedAt > switchedAt + skewSeconds;
    return isUsed && state === 'retiring' ? [`version ${number} is not in force, and somebody still uses it`] : [];
  });
}

const skewSeconds = 60;

/** Whether only the version in force can have processed a document: there was an earlier one, and all others are proved refused. */
function isOnlyOne(versions: readonly Version[], { hasOther }: EngineLook): boolean {
  const others = versions.filter(({ state, parts }) => state !== 'current' && parts.length > 0);
  const last = others.filter(({ state }) => state === 'retired').at(-1);
  return !hasOther && last?.endProof === 'proved' && others.every(({ state }) => !isLive(state));
}
