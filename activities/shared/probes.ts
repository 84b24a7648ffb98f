import { setTimeout as delay } from 'node:timers/promises';
import type { EvidenceKind, Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import type { Version } from '../../src/store/records.js';
import type { Store } from '../../src/store/store.js';
import { recordFinding, reporting } from './evidence.js';
import { onOwnConnections } from './http.js';
import { needsDecision } from './failures.js';
import { CannotTell } from './outside-error.js';
import { scope } from './scope.js';
import { anotherRound, countRound, doubtMs, isLasting, stillPropagating } from './propagation.js';

const shareBetween = 60; // a 60th of the propagation delay between two requests: a second for a delay of a minute
const longestBetweenMs = 1000; // several requests have to fit into one attempt
const connectionsByDefault = 3;
const mostPropagations = 2; // times the propagation delay, while a value is still accepted

/** A provider's answer to a value. `restricted`: the value is known, but lacks the right to the request. */
export interface ProbeVerdict {
  readonly verdict: 'accepted' | 'restricted' | 'refused';
  /** Unix seconds by the provider's clock. */
  readonly providerTime: number | undefined;
}

/** How to ask a provider whether it accepts a value. `request`, `welcome` and `refusal` are texts for people. */
export interface Prober {
  /** The provider's name for people. */
  readonly name: string;
  readonly request: string;
  /** The answer for a value that works. Default: 200. */
  readonly welcome?: string;
  /** The answer for a value that does not work. */
  readonly refusal: string;
  /** What a value is called. Default: key. */
  readonly noun?: string;
  /** Propagation delay of a change, in milliseconds. */
  readonly propagationMs: number;
  /** Consecutive rounds required, at least 2. Default: 5. Fewer where a wrong value counts as an attack. */
  readonly rounds?: number;
  /**
   * Connections per round: one address may lead to servers that know of a change and to some that do not.
   * Default: 3, and 1 where there is no propagation delay.
   */
  readonly connections?: number;
  /** Shortest pause between two requests where the provider limits their rate, in milliseconds. */
  readonly pauseMs?: number;
  /**
   * Asks with the value itself. Throws unless the provider judged the value: a proxy's 401 is no verdict.
   * @throws CannotTell when its answer never shows it. The finding is then `not-observable`
   */
  ask(parts: Readonly<Record<string, string>>): Promise<ProbeVerdict>;
}

/**
 * Whether the provider accepts a version.
 * - A refusal of a young value is retried until the propagation delay has passed.
 * - A later refusal counts only when it lasts: providers sometimes refuse valid values.
 * - A value that a person has just adopted, and that was never seen working, is refused at once.
 * - An acceptance has to last when the previous value is removed next.
 */
export async function acceptedBy(prober: Prober, store: Store, ref: VersionRef): Promise<Finding> {
  const parts = await store.unseal(ref);
  const answer = await orUnobservable({ store, ref, kind: 'accepted' }, () => askUntil('refused', prober, parts));
  if ('outcome' in answer) return answer;
  const asked = { prober, store, ref };
  return answer.verdict === 'refused'
    ? judgeNoAcceptance(asked, refusedBy(prober))
    : judgeAcceptance(asked, accepted(prober, answer));
}

/** The answer, or the stored finding that answers do not show this. */
async function orUnobservable<T>(
  { store, ref, kind }: { readonly store: Store; readonly ref: VersionRef; readonly kind: EvidenceKind },
  ask: () => Promise<T>,
): Promise<T | Finding> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof CannotTell)) throw error;
    return reporting(store, ref, kind)('not-observable', error.message);
  }
}

/**
 * Waits until a value that was enabled again is accepted.
 * @throws ApplicationFailure of type NeedsDecision when it stays refused: the engine cannot go back to it
 */
export async function acceptedAgain(prober: Prober, store: Store, ref: VersionRef): Promise<void> {
  const newest = (await store.evidence(ref)).find(({ kind }) => kind === 'refused');
  // Recorded once: a repetition would end every later streak of refusals.
  if (newest?.outcome !== 'failed')
    await store.prove(ref, { kind: 'refused', outcome: 'failed', detail: 'it was switched on again' });
  const { outcome, detail } = await acceptedBy(prober, store, ref);
  if (outcome === 'failed')
    throw needsDecision(`version ${ref.number} of ${ref.credential} was switched on again, but ${detail}`);
}

/** Concludes from a round in which the provider accepted the value. */
export async function judgeAcceptance({ prober, store, ref }: Asked, shown: Finding): Promise<Finding> {
  const { name, noun = 'key', propagationMs, rounds } = prober;
  await store.note(ref, { provider: 'accepted' });
  const finding = await recordFinding(store, ref, shown); // in every round: each was a use of ours
  if (propagationMs === 0) return finding;
  const streak = await countRound(store, ref, { refused: false, detail: finding.detail, propagationMs });
  if (isLasting(streak, propagationMs, rounds) || !(await isLastStand(store, ref))) return finding;
  const message = `${name} accepts the ${noun}; asked again until it did so over its propagation delay`;
  throw anotherRound(message, propagationMs, rounds);
}

/** Whether the engine has the version and the uncompromised version that it replaces is removed next. Never in an emergency, which must not wait. */
async function isLastStand(store: Store, ref: VersionRef): Promise<boolean> {
  const versions = await store.versions(ref.credential);
  const own = versions.find(({ number }) => number === ref.number);
  if (!own || own.engine === 'never' || own.engine === 'no') return false;
  const before = own.state === 'candidate' ? 'current' : own.state === 'current' ? 'retiring' : null;
  if (!versions.some(({ state, compromised }) => state === before && !compromised)) return false;
  return !(await store.rotations(ref.credential)).some(({ fence, seized }) => fence === ref.fence && seized);
}

/** Concludes from a round in which the provider refused a value that it should accept. `detail` is its answer. */
export async function judgeNoAcceptance({ prober, store, ref }: Asked, detail: string): Promise<Finding> {
  const { name, noun = 'key', propagationMs, rounds } = prober;
  const ageMs = await ageOf(store, ref);
  const streak = await countRound(store, ref, { refused: true, detail, propagationMs });
  if (ageMs < propagationMs) {
    const message = `${name} does not know the new ${noun} everywhere yet`;
    throw rounds === undefined
      ? stillPropagating(message, ageMs, propagationMs)
      : anotherRound(message, propagationMs, rounds);
  }
  const doubted = ageMs !== Infinity || (await wasAccepted(store, ref));
  const overMs = doubtMs(propagationMs);
  if (doubted && !isLasting(streak, overMs, rounds))
    throw anotherRound(`${name} refuses the ${noun}; asked again, since such refusals pass`, overMs, rounds);
  await store.note(ref, { provider: 'refused' });
  return reporting(store, ref, 'accepted')('failed', `${name} refuses the ${noun}: ${detail}`);
}

/**
 * Whether the provider refuses a version. Proved by several consecutive rounds over the whole propagation delay, each on several
 * connections, while the current version is accepted. Any acceptance in between starts the count again.
 */
export async function refusedAt(prober: Prober, store: Store, ref: VersionRef): Promise<Finding> {
  const round = await orUnobservable({ store, ref, kind: 'refused' }, () => askBoth(prober, store, ref));
  if ('outcome' in round) return round;
  return judgeEnd({ prober, store, ref }, round.key === null ? null : shownBy(prober, round));
}

/** What one round showed of a value that should be refused. `useless`: the provider refuses the control as well. */
export interface Shown {
  readonly verdict: 'accepted' | 'refused' | 'useless';
  readonly detail: string;
}

/**
 * Concludes from a round of questions about a value that should be refused; null when there is no value to ask with. `endsWithinMs`: how
 * long the value may still be accepted where nothing has to propagate.
 */
export async function judgeEnd({ prober, store, ref }: Asked, shown: Shown | null, endsWithinMs = 0): Promise<Finding> {
  const say = reporting(store, ref, 'refused');
  if (shown === null) return say('not-observable', 'there is no value to ask with');
  const { name, noun = 'key', propagationMs, rounds } = prober;
  const { verdict, detail } = shown;
  const refused = verdict === 'refused';
  const streak = await countRound(store, ref, { refused, detail, propagationMs });
  const overMs = refused ? propagationMs : Math.max(propagationMs, endsWithinMs);
  const isOver = refused ? isLasting(streak, overMs, rounds) : scope().waitedMs >= mostPropagations * overMs;
  const again = refused
    ? `${name} refuses the ${noun}; asked again until it did so over its propagation delay`
    : `${detail}; asked again`;
  if (!isOver) throw anotherRound(again, overMs, rounds);
  if (!refused) return say('failed', detail);
  await store.note(ref, { provider: 'refused' });
  return (await wasAccepted(store, ref))
    ? say('proved', detail)
    : say('not-observable', 'already refused before the rotation');
}

/** The finding that a value was accepted. */
export function accepted(
  { request, welcome = '200' }: Pick<Prober, 'request' | 'welcome'>,
  { verdict, providerTime }: ProbeVerdict,
): Finding {
  const answer = verdict === 'restricted' ? 'that the key is known but lacks the scope for it' : welcome;
  const finding = { kind: 'accepted', outcome: 'proved', detail: `${request} answered ${answer}` } as const;
  return { ...finding, ...(providerTime !== undefined && { providerTime }) };
}

export function refusedBy({ request, refusal }: Pick<Prober, 'request' | 'refusal'>): string {
  return `${request} answered ${refusal}`;
}

/** Asks on several connections. Returns the first answer that is `decisive`, else the last one. */
export async function askUntil(
  decisive: 'accepted' | 'refused',
  prober: Pick<Prober, 'propagationMs' | 'connections' | 'pauseMs' | 'ask'>,
  parts: Parameters<Prober['ask']>[0],
): Promise<ProbeVerdict> {
  const { propagationMs, connections = connectionsByDefault, ask } = prober;
  const between = { connections: propagationMs === 0 ? 1 : connections, pauseMs: betweenMs(prober) };
  const isDecisive = ({ verdict }: ProbeVerdict): boolean => (verdict === 'refused') === (decisive === 'refused');
  return onEachConnection(between, isDecisive, () => ask(parts));
}

/** Asks on several connections, each of which may reach another server, up to the first decisive answer. Returns the last answer. */
export async function onEachConnection<T>(
  { connections, pauseMs = 0 }: { readonly connections: number; readonly pauseMs?: number },
  isDecisive: (answer: T) => boolean,
  ask: () => Promise<T>,
): Promise<T> {
  for (let left = connections; ; left -= 1) {
    const answer = await onOwnConnections(ask);
    if (isDecisive(answer) || left <= 1) return answer;
    await delay(pauseMs);
  }
}

/** Pause before the next request, in milliseconds; 0 where there is no propagation delay. */
function betweenMs({ propagationMs, pauseMs = 0 }: Pick<Prober, 'propagationMs' | 'pauseMs'>): number {
  const usualMs = Math.min(propagationMs / shareBetween, longestBetweenMs);
  return Math.min(Math.max(usualMs, pauseMs), propagationMs / 4);
}

interface Round {
  /** Null when there is no value to ask with. */
  readonly key: ProbeVerdict['verdict'] | null;
  /** The current version's; null when there is none to compare with. */
  readonly control: ProbeVerdict['verdict'] | null;
}

async function askBoth(prober: Prober, store: Store, ref: VersionRef): Promise<Round> {
  if ((await store.read(ref)).parts.length === 0) return { key: null, control: null };
  const own = await askUntil('accepted', prober, await store.unseal(ref));
  // Recorded, like the next one: both were uses of ours, which must not count as somebody else's.
  if (own.verdict !== 'refused') await store.prove(ref, accepted(prober, own));
  const { verdict: key } = own;
  const current = await controlFor(store, ref);
  if (!current) return { key, control: null };
  await delay(betweenMs(prober));
  const answer = await askUntil('accepted', prober, await store.unseal(current)).catch((error: unknown) => {
    if (error instanceof CannotTell && key !== 'refused') return null; // an acceptance counts without the comparison
    throw error;
  });
  if (answer && answer.verdict !== 'refused') await store.prove(current, accepted(prober, answer));
  return { key, control: answer && answer.verdict };
}

/** A version about which a provider was asked, and how long its answers have to last. */
export interface Asked {
  readonly prober: Pick<Prober, 'name' | 'noun' | 'propagationMs' | 'rounds'>;
  readonly store: Store;
  readonly ref: VersionRef;
}

function shownBy(prober: Prober, { key, control }: Round): Shown {
  const { name, noun = 'key' } = prober;
  if (key !== 'refused') return { verdict: 'accepted', detail: `${name} still accepts the ${noun}` };
  if (control === 'refused')
    return { verdict: 'useless', detail: `${name} refuses the current ${noun} as well, so nothing is shown` };
  const beside = control === null ? `with no current ${noun} to compare with` : `while it accepted the current ${noun}`;
  return { verdict: 'refused', detail: `${refusedBy(prober)}, ${beside}` };
}

export async function wasAccepted(store: Store, ref: Pick<VersionRef, 'credential' | 'number'>): Promise<boolean> {
  return (await store.evidence(ref)).some(({ kind, outcome }) => kind === 'accepted' && outcome === 'proved');
}

/** The version whose value must still be accepted for a refusal to prove anything. */
export async function controlFor(store: Store, ref: VersionRef): Promise<Version | null> {
  const current = (await store.versions(ref.credential)).find(({ state }) => state === 'current');
  const isFit = current && current.number !== ref.number && current.parts.length > 0 && !current.compromised;
  return isFit ? current : null;
}

/** Milliseconds since the provider created the value, by our clock. Infinity for an adopted value, which was in use before. */
async function ageOf(store: Store, ref: VersionRef): Promise<number> {
  const { adopted, createdAt } = await store.read(ref);
  if (adopted) return Infinity;
  const intents = await store.intents(ref.credential);
  const kept = intents.find(({ version, outcome }) => version === ref.number && outcome === 'kept');
  return Date.now() - (kept?.at ?? createdAt);
}
