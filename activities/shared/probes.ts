import { setTimeout as delay } from 'node:timers/promises';
import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding } from './evidence.js';
import { onOwnConnections } from './http.js';
import { needsDecision } from './failures.js';
import { scope } from './scope.js';
import { anotherRound, countRound, doubtMs, isLasting, stillPropagating } from './propagation.js';

const shareBetween = 60; // of a minute of propagation, a second between two questions
const longestBetweenMs = 1000; // several questions have to fit into one attempt
const connectionsByDefault = 3;
const mostPropagations = 2; // times the propagation delay, for a value that is let through still

/** What a provider thinks of a value. `restricted`: known, but without the right to what was asked. */
export interface ProbeVerdict {
  readonly verdict: 'accepted' | 'restricted' | 'refused';
  /** Unix seconds by the provider's clock. */
  readonly providerTime: number | undefined;
}

/** How a provider is asked about a value. */
export interface Prober {
  /** Its name for people. */
  readonly name: string;
  /** The request that asks, for people. */
  readonly request: string;
  /** How it answers for a value that works, for people; left out, 200. */
  readonly welcome?: string;
  /** How it answers for a dead value, for people. */
  readonly refusal: string;
  /** How long a change may take to be known everywhere, in milliseconds. */
  readonly propagationMs: number;
  /** On how many connections it is asked in a round, since servers that know of a change take turns with some that do not; three when left out, and one where nothing has to settle. */
  readonly connections?: number;
  /** How long to wait between two questions at least, where so many are answered and no more, in milliseconds. */
  readonly pauseMs?: number;
  /** Asks with the value itself. Throws unless the provider spoke of the value: a proxy's 401 is no verdict. */
  ask(parts: Readonly<Record<string, string>>): Promise<ProbeVerdict>;
}

/**
 * Whether the provider accepts a version. A refusal is waited out while the value is young, and believed only when it lasts: valid values
 * are refused now and then. What a person has just handed in and nobody saw working is refused at once. An acceptance has to last where
 * the value before it goes next.
 */
export async function acceptedBy(prober: Prober, store: Store, ref: VersionRef): Promise<Finding> {
  const answer = await askUntil('refused', prober, await store.unseal(ref));
  const asked = { prober, store, ref };
  return answer.verdict === 'refused' ? judgeRefusal(asked) : judgeAcceptance(asked, answer);
}

/**
 * Waits until a value that was switched on again is let through.
 * @throws ApplicationFailure of type NeedsDecision when it stays refused: nothing can be put back on it
 */
export async function acceptedAgain(prober: Prober, store: Store, ref: VersionRef): Promise<void> {
  const newest = (await store.evidence(ref)).find(({ kind }) => kind === 'refused');
  // Said once: repeated, it would end every row of refusals that follows.
  if (newest?.outcome !== 'failed')
    await store.prove(ref, { kind: 'refused', outcome: 'failed', detail: 'it was switched on again' });
  const { outcome, detail } = await acceptedBy(prober, store, ref);
  if (outcome === 'failed')
    throw needsDecision(`version ${ref.number} of ${ref.credential} was switched on again, but ${detail}`);
}

async function judgeAcceptance({ prober, store, ref }: Asked, answer: ProbeVerdict): Promise<Finding> {
  const { name, propagationMs } = prober;
  await store.note(ref, { provider: 'accepted' });
  const finding = await recordFinding(store, ref, accepted(prober, answer)); // also when it is asked again: it was a use of ours
  if (propagationMs === 0) return finding;
  const streak = await countRound(store, ref, { refused: false, detail: finding.detail, propagationMs });
  if (isLasting(streak, propagationMs) || !(await isLastStand(store, ref))) return finding;
  throw anotherRound(`${name} accepts the key; asked again until it did so over its propagation delay`, propagationMs);
}

/** Whether the engine has the version, and a sound one goes next that it takes the place of. In an emergency nothing waits. */
async function isLastStand(store: Store, ref: VersionRef): Promise<boolean> {
  const versions = await store.versions(ref.credential);
  const own = versions.find(({ number }) => number === ref.number);
  if (!own || own.engine === 'never' || own.engine === 'no') return false;
  const before = own.state === 'candidate' ? 'current' : own.state === 'current' ? 'retiring' : null;
  if (!versions.some(({ state, compromised }) => state === before && !compromised)) return false;
  return !(await store.rotations(ref.credential)).some(({ fence, seized }) => fence === ref.fence && seized);
}

async function judgeRefusal({ prober, store, ref }: Asked): Promise<Finding> {
  const { name, propagationMs } = prober;
  const ageMs = await ageOf(store, ref);
  const streak = await countRound(store, ref, { refused: true, detail: refusedBy(prober), propagationMs });
  if (ageMs < propagationMs)
    throw stillPropagating(`${name} does not know the new key everywhere yet`, ageMs, propagationMs);
  const doubted = ageMs !== Infinity || (await wasAccepted(store, ref));
  if (doubted && !isLasting(streak, doubtMs(propagationMs)))
    throw anotherRound(`${name} refuses the key; asked again, since such refusals pass`, doubtMs(propagationMs));
  await store.note(ref, { provider: 'refused' });
  return recordFinding(store, ref, {
    kind: 'accepted',
    outcome: 'failed',
    detail: `${name} refuses the key: ${refusedBy(prober)}`,
  });
}

/**
 * Whether the provider refuses a version: in several rounds in a row over the whole propagation delay, each on several connections, while the
 * current one is accepted beside it. Whatever lets the value through in between starts that anew.
 */
export async function refusedAt(prober: Prober, store: Store, ref: VersionRef): Promise<Finding> {
  const { name, propagationMs } = prober;
  const round = await askBoth(prober, store, ref);
  const finding = await judge({ prober, store, ref }, round);
  if (round.key === null) return recordFinding(store, ref, finding);
  const refused = finding.outcome !== 'failed';
  const streak = await countRound(store, ref, { refused, detail: finding.detail, propagationMs });
  const isOver = refused ? isLasting(streak, propagationMs) : scope().waitedMs >= mostPropagations * propagationMs;
  if (!isOver)
    throw anotherRound(
      refused
        ? `${name} refuses the key; asked again until it did so over its propagation delay`
        : `${finding.detail}; asked again`,
      propagationMs,
    );
  if (round.key === 'refused') await store.note(ref, { provider: 'refused' });
  return recordFinding(store, ref, finding);
}

/** The finding that a value was let through. */
export function accepted(
  { request, welcome = '200' }: Pick<Prober, 'request' | 'welcome'>,
  { verdict, providerTime }: ProbeVerdict,
): Finding {
  return {
    kind: 'accepted',
    outcome: 'proved',
    detail:
      verdict === 'restricted'
        ? `${request} answered that the key is known but lacks the scope for it`
        : `${request} answered ${welcome}`,
    ...(providerTime === undefined ? {} : { providerTime }),
  };
}

export function refusedBy({ request, refusal }: Pick<Prober, 'request' | 'refusal'>): string {
  return `${request} answered ${refusal}`;
}

/** Asks on several connections, one after the other. The first answer that is `decisive`, else the last one. */
export async function askUntil(
  decisive: 'accepted' | 'refused',
  prober: Pick<Prober, 'propagationMs' | 'connections' | 'pauseMs' | 'ask'>,
  parts: Parameters<Prober['ask']>[0],
): Promise<ProbeVerdict> {
  const { propagationMs, connections = connectionsByDefault, ask } = prober;
  for (let left = propagationMs === 0 ? 1 : connections; ; left -= 1) {
    const answer = await onOwnConnections(() => ask(parts));
    if ((answer.verdict === 'refused') === (decisive === 'refused') || left <= 1) return answer;
    await delay(betweenMs(prober));
  }
}

/** Until the next question. What has to settle in no time is asked at once. */
function betweenMs({ propagationMs, pauseMs = 0 }: Pick<Prober, 'propagationMs' | 'pauseMs'>): number {
  const usualMs = Math.min(propagationMs / shareBetween, longestBetweenMs);
  return Math.min(Math.max(usualMs, pauseMs), propagationMs / 4);
}

/** What the provider thinks of both values in one round. */
interface Round {
  /** Null when there is no value to ask with. */
  readonly key: ProbeVerdict['verdict'] | null;
  /** The current version's; null when there is none to compare with. */
  readonly control: ProbeVerdict['verdict'] | null;
}

async function askBoth(prober: Prober, store: Store, ref: VersionRef): Promise<Round> {
  if ((await store.read(ref)).parts.length === 0) return { key: null, control: null };
  const own = await askUntil('accepted', prober, await store.unseal(ref));
  // Kept like the next one: both were uses, which must not pass for somebody else's.
  if (own.verdict !== 'refused') await store.prove(ref, accepted(prober, own));
  const { verdict: key } = own;
  const current = await controlFor(store, ref);
  if (!current) return { key, control: null };
  await delay(betweenMs(prober));
  const answer = await askUntil('accepted', prober, await store.unseal(current));
  if (answer.verdict !== 'refused') await store.prove(current, accepted(prober, answer));
  return { key, control: answer.verdict };
}

interface Asked {
  readonly prober: Prober;
  readonly store: Store;
  readonly ref: VersionRef;
}

async function judge({ prober, store, ref }: Asked, { key, control }: Round): Promise<Finding> {
  const { name } = prober;
  const say = (outcome: Finding['outcome'], detail: string): Finding => ({ kind: 'refused', outcome, detail });
  if (key === null) return say('not-observable', 'there is no value to ask with');
  if (key !== 'refused') return say('failed', `${name} still accepts the key`);
  if (control === 'refused') return say('failed', `${name} refuses the current key as well, so nothing is shown`);
  if (!(await wasAccepted(store, ref))) return say('not-observable', 'already refused before the rotation');
  const beside = control === null ? 'with no current key to compare with' : 'while it accepted the current key';
  return say('proved', `${refusedBy(prober)}, ${beside}`);
}

async function wasAccepted(store: Store, ref: VersionRef): Promise<boolean> {
  return (await store.evidence(ref)).some(({ kind, outcome }) => kind === 'accepted' && outcome === 'proved');
}

/** The version whose value must still be accepted for a refusal to mean something. */
async function controlFor(store: Store, ref: VersionRef): Promise<Version | null> {
  const versions = await store.versions(ref.credential);
  return (
    versions.find(
      ({ state, number, parts, compromised }) =>
        state === 'current' && number !== ref.number && parts.length > 0 && !compromised,
    ) ?? null
  );
}

/** In milliseconds since the provider made the value, by our clock. An adopted one was in use before, so it is not young. */
async function ageOf(store: Store, ref: VersionRef): Promise<number> {
  const { adopted, createdAt } = await store.read(ref);
  if (adopted) return Infinity;
  const intents = await store.intents(ref.credential);
  const kept = intents.find(({ version, outcome }) => version === ref.number && outcome === 'kept');
  return Date.now() - (kept?.at ?? createdAt);
}
