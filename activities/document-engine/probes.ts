import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding } from '../shared/evidence.js';
import { onOwnConnections } from '../shared/http.js';
import { propagating } from '../shared/failures.js';
import { scope } from '../shared/scope.js';
import { anotherRound, countRound, isLasting, type Streak } from '../shared/propagation.js';
import type { DocumentEngineDeps } from './activities.js';
import { type Control, controlOf } from './control.js';
import { isSignedWith } from './keys.js';
import { askDashboard, type Reply } from './questions.js';
import { askSigner } from './signer.js';
import { open, soonMs, type DocumentEngineWork } from './standing.js';
import {
  type AskedFor,
  byEachProbe,
  onEach,
  given,
  showsKey,
  type Reading,
  signerWith,
  type Signs,
  stranger,
  type TokenProbe,
} from './tokens.js';

export async function acceptsKey(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const work = await open(deps, ref);
  const signs = await keyOf(work);
  return judgeAcceptance(work, await (signs ? showsKey(work, signs) : showsSigner(work)));
}

export async function refusesKey(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  return judgeRefusal(await open(deps, ref), { ...rounds, ask: showsRefusalOfKey });
}

export async function acceptsPassword(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const work = await open(deps, ref);
  const { password } = await partsOf(work);
  return judgeAcceptance(work, password === undefined ? null : await showsPassword(work, password));
}

export async function refusesPassword(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  return judgeRefusal(await open(deps, ref), { ...fewRounds, ask: showsRefusalOfPassword });
}

/** What the engine shows of the version's value; null where nobody can ask with it. */
export async function showsValue(work: DocumentEngineWork, asked: AskedFor = {}): Promise<Reading | null> {
  const { password } = await partsOf(work);
  if (password !== undefined) return showsPassword(work, password);
  const signs = await keyOf(work);
  return signs ? showsKey(work, signs, asked) : null;
}

/** With a token of the application that signs, which the key has to fit. */
async function showsSigner(work: DocumentEngineWork): Promise<Reading | null> {
  const { store, connection, ref } = work;
  const token = await askSigner(connection.jwt.signer);
  if (token === null) return null;
  const { publicKey = '' } = await store.unseal(ref);
  if (await isSignedWith(publicKey, token)) return showsKey(work, given(token), { isSomebodys: true });
  return { verdict: 'refused', detail: 'the application signs with another key' };
}

/** Refused means refused: by the engine, as it refuses a key that never was one, while a value that has to be accepted is. */
async function showsRefusalOfKey(work: DocumentEngineWork, control: Control): Promise<Reading | null> {
  const [signs, current] = [await keyOf(work), control.parts['privateKey']];
  if (!signs) return null;
  if (current === undefined)
    return { verdict: 'unclear', detail: 'of the value to compare with only the public half is known' };
  const asked = { signs, other: await stranger(work), current: signerWith(work, current) };
  let isRefused = false;
  const shown = await byEachProbe(work, async (probe): Promise<Reading | null> => {
    const beside = await onEach(work, isNotAccepted, () => probe.ask(asked.current));
    isRefused ||= beside.verdict === 'refused';
    if (beside.verdict !== 'accepted') return null;
    const other = await probe.ask(asked.other);
    const own = await onEach(
      work,
      ({ status }) => status === other.status,
      () => probe.ask(asked.signs),
    );
    return compare(probe, { own, other }, control);
  });
  if (shown) return shown;
  return isRefused
    ? { verdict: 'useless', detail: `Document Engine refuses ${control.name} as well, so nothing is shown` }
    : { verdict: 'unclear', detail: 'no request shows whether Document Engine takes a token' };
}

function isNotAccepted({ verdict }: Reply): boolean {
  return verdict !== 'accepted';
}

function isAccepted(reply: Reply): boolean {
  return !isNotAccepted(reply);
}

interface Replies {
  readonly own: Reply;
  /** To a key that never was one. */
  readonly other: Reply;
}

function compare({ name, refusals }: TokenProbe, { own, other }: Replies, control: Control): Reading | null {
  if (other.verdict === 'accepted') return null;
  if (own.verdict === 'accepted') return { verdict: 'accepted', detail: 'Document Engine still accepts it' };
  const isRefusal = own.byEngine && own.status === other.status && refusals.includes(own.status);
  return isRefusal
    ? { verdict: 'refused', detail: `${name} answered ${own.status}, while it accepted ${control.name}` }
    : { verdict: 'unclear', detail: `${name} answered ${own.status}, which is no refusal of a key` };
}

/** An acceptance counts where nobody gets in without a password. */
export async function showsPassword(work: DocumentEngineWork, password: string): Promise<Reading> {
  const { client } = work;
  const bare = await askDashboard(client, null);
  if (bare.verdict !== 'refused') return openDashboard(bare);
  const own = await onEach(work, isAccepted, () => askDashboard(client, password));
  if (own.verdict === 'accepted')
    return { verdict: 'accepted', by: 'GET /dashboard', detail: 'GET /dashboard let it in, and nobody without' };
  if (own.verdict === 'refused') return { verdict: 'refused', detail: 'GET /dashboard refused it' };
  return { verdict: 'unclear', detail: `GET /dashboard answered ${own.status}, which says nothing of a password` };
}

/** One wrong password a round: after five within a minute an address is let in with none, so what has to be accepted comes last. */
async function showsRefusalOfPassword(work: DocumentEngineWork, control: Control): Promise<Reading | null> {
  const { client } = work;
  const { password } = await partsOf(work);
  if (password === undefined) return null;
  const bare = await askDashboard(client, null);
  if (bare.verdict !== 'refused') return openDashboard(bare);
  const own = await onOwnConnections(() => askDashboard(client, password));
  if (own.verdict === 'accepted') return { verdict: 'accepted', detail: 'Document Engine still accepts it' };
  const beside = await onEach(work, isNotAccepted, () => askDashboard(client, control.parts['password'] ?? ''));
  if (beside.verdict !== 'accepted')
    return { verdict: 'useless', detail: `Document Engine refuses ${control.name} as well, so nothing is shown` };
  return own.verdict === 'refused'
    ? { verdict: 'refused', detail: `GET /dashboard answered 401, while it accepted ${control.name}` }
    : { verdict: 'unclear', detail: `GET /dashboard answered ${own.status}, which says nothing of a password` };
}

function openDashboard({ status }: Reply): Reading {
  return {
    verdict: 'unclear',
    detail: `GET /dashboard does not ask for a password (${status}): it is off, or a sign-on stands before it`,
  };
}

async function partsOf({ store, ref }: DocumentEngineWork): Promise<Readonly<Record<string, string>>> {
  return (await store.read(ref)).parts.length > 0 ? store.unseal(ref) : {};
}

/** Null when there is nothing to sign with. */
async function keyOf(work: DocumentEngineWork): Promise<Signs | null> {
  const { privateKey } = await partsOf(work);
  return privateKey === undefined ? null : signerWith(work, privateKey);
}

const outcomes = {
  ...{ accepted: 'proved', refused: 'failed', useless: 'failed' },
  unclear: 'not-observable',
} as const satisfies Record<Reading['verdict'], Finding['outcome']>;

/** A refusal is waited out while not every node may know the value; what a person has just handed in is refused at once. */
async function judgeAcceptance(
  { store, ref, connection }: DocumentEngineWork,
  shown: Reading | null,
): Promise<Finding> {
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(store, ref, { kind: 'accepted', outcome, detail });
  if (!shown) return say('not-observable', 'only its public half is known, and no application that signs can be asked');
  const { verdict, detail } = shown;
  const { propagationMs } = connection;
  if (verdict === 'refused' && scope().waitedMs < propagationMs && (await isDoubted({ store, ref })))
    throw propagating(`${detail}; asked again, since not every node may know it yet`, Math.ceil(propagationMs / 2));
  if (verdict === 'accepted' || verdict === 'refused') await store.note(ref, { provider: verdict });
  return say(outcomes[verdict], detail);
}

/** Whether it was seen to work, or is one of those that were made here. */
async function isDoubted({ store, ref }: Pick<DocumentEngineWork, 'store' | 'ref'>): Promise<boolean> {
  return !(await store.read(ref)).adopted || (await wasAccepted({ store, ref }));
}

async function wasAccepted({ store, ref }: Pick<DocumentEngineWork, 'store' | 'ref'>): Promise<boolean> {
  return (await store.evidence(ref)).some(({ kind, outcome }) => kind === 'accepted' && outcome === 'proved');
}

/** How a refusal is told to last. */
interface Rounds {
  readonly ask: (work: DocumentEngineWork, control: Control) => Promise<Reading | null>;
  readonly isOver: (streak: Streak, propagationMs: number) => boolean;
  readonly again: (message: string, propagationMs: number) => Error;
}

const rounds = { isOver: isLasting, again: anotherRound };

/** Two rounds, so that a password is not tried so often that the address is let in with none. */
const fewRounds: Pick<Rounds, 'isOver' | 'again'> = {
  isOver: ({ times, lastedMs }, propagationMs) => times >= (propagationMs === 0 ? 1 : 2) && lastedMs >= propagationMs,
  again: propagating,
};

async function judgeRefusal(work: DocumentEngineWork, { ask, isOver, again }: Rounds): Promise<Finding> {
  const { store, ref, connection } = work;
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(store, ref, { kind: 'refused', outcome, detail });
  const control = await controlOf(work);
  if (!control) return say('not-observable', 'there is no value that has to be accepted beside it');
  const shown = await ask(work, control);
  if (!shown) return say('not-observable', 'there is no value to ask with');
  const { verdict, detail } = shown;
  if (verdict === 'unclear') return say('not-observable', detail);
  if (verdict !== 'refused') {
    const waitLimitMs = 2 * Math.max(soonMs, connection.propagationMs);
    if (verdict === 'accepted' || connection.propagationMs > 0) await waitOut(work, shown, waitLimitMs);
    return say('failed', detail);
  }
  if (!(await wasAccepted(work))) return say('not-observable', 'already refused before the rotation');
  const { propagationMs: propagationMs } = connection;
  const streak = await countRound(store, ref, { refused: true, detail, propagationMs });
  if (!isOver(streak, propagationMs)) throw again(`${detail}; asked again until every node must know`, propagationMs);
  await store.note(ref, { provider: 'refused' });
  return say('proved', detail);
}

/** What is let through still may be over soon. It ends the refusals that were counted. */
async function waitOut(
  { store, ref, connection }: DocumentEngineWork,
  { detail }: Reading,
  waitLimitMs: number,
): Promise<void> {
  await countRound(store, ref, { refused: false, detail, propagationMs: connection.propagationMs });
  if (scope().waitedMs < waitLimitMs) throw propagating(`${detail}; asked again`, waitLimitMs / 4);
}
