import type { Finding } from '../../src/domain/evidence.js';
import type { VersionRef } from '../../src/domain/version.js';
import { recordFinding } from '../shared/evidence.js';
import { onOwnConnections } from '../shared/http.js';
import { propagating } from '../shared/failures.js';
import { scope } from '../shared/scope.js';
import { anotherRound, countRound, isLasting, type Streak } from '../shared/propagation.js';
import type { DocumentEngineDeps } from './activities.js';
import { isGone, isInForce } from './base.js';
import { type Control, controlOf } from './control.js';
import { isSignedWith } from './keys.js';
import { askDashboard, type Reply } from './questions.js';
import { askSigner } from './signer.js';
import { contextOf, soonMs, type DocumentEngineContext } from './context.js';
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

export async function accepts(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const context = await contextOf(deps, ref);
  const { type } = context.connection;
  if (type === 'secret_key_base') return isInForce(context);
  return judgeAcceptance(context, (await showsValue(context)) ?? (type === 'jwt' ? await showsSigner(context) : null));
}

export async function refuses(deps: DocumentEngineDeps, ref: VersionRef): Promise<Finding> {
  const context = await contextOf(deps, ref);
  const { type } = context.connection;
  if (type === 'secret_key_base') return isGone(context);
  return judgeRefusal(
    context,
    type === 'jwt' ? { ...rounds, ask: showsRefusalOfKey } : { ...fewRounds, ask: showsRefusalOfPassword },
  );
}

/** The engine's verdict on the version's value. Null where no request can use it. */
export async function showsValue(context: DocumentEngineContext, asked: AskedFor = {}): Promise<Reading | null> {
  const { password } = await partsOf(context);
  if (password !== undefined) return showsPassword(context, password);
  const signs = await keyOf(context);
  return signs ? showsKey(context, signs, asked) : null;
}

/** Asks with a token of the signing application, which has to be signed with the version's key. */
async function showsSigner(context: DocumentEngineContext): Promise<Reading | null> {
  const { store, connection, ref } = context;
  const token = await askSigner(connection.jwt.signer);
  if (token === null) return null;
  const { publicKey = '' } = await store.unseal(ref);
  if (await isSignedWith(publicKey, token)) return showsKey(context, given(token), { isSomebodys: true });
  return { verdict: 'refused', detail: 'the application signs with another key' };
}

/** A refusal counts only from the engine itself, in the way that it refuses a key that was never valid, while it accepts the control. */
async function showsRefusalOfKey(context: DocumentEngineContext, control: Control): Promise<Reading | null> {
  const [signs, current] = [await keyOf(context), control.parts['privateKey']];
  if (!signs) return null;
  if (current === undefined)
    return { verdict: 'unclear', detail: 'only the public half of the value to compare with is known' };
  const asked = { signs, other: await stranger(context), current: signerWith(context, current) };
  let isRefused = false;
  const reading = await byEachProbe(context, async (probe): Promise<Reading | null> => {
    const beside = await onEach(context, isNotAccepted, () => probe.ask(asked.current));
    isRefused ||= beside.verdict === 'refused';
    if (beside.verdict !== 'accepted') return null;
    const other = await probe.ask(asked.other);
    const own = await onEach(
      context,
      ({ status }) => status === other.status,
      () => probe.ask(asked.signs),
    );
    return compare(probe, { own, other }, control);
  });
  if (reading) return reading;
  return isRefused
    ? { verdict: 'useless', detail: `Document Engine refuses ${control.name} as well, so nothing is shown` }
    : { verdict: 'unclear', detail: 'no request shows whether Document Engine accepts a token' };
}

function isNotAccepted({ verdict }: Reply): boolean {
  return verdict !== 'accepted';
}

function isAccepted(reply: Reply): boolean {
  return !isNotAccepted(reply);
}

interface Replies {
  readonly own: Reply;
  /** To a key that was never valid. */
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

/** An acceptance counts only where the dashboard refuses a request without a password. */
export async function showsPassword(context: DocumentEngineContext, password: string): Promise<Reading> {
  const { client } = context;
  const bare = await askDashboard(client, null);
  if (bare.verdict !== 'refused') return openDashboard(bare);
  const own = await onEach(context, isAccepted, () => askDashboard(client, password));
  if (own.verdict === 'accepted')
    return { verdict: 'accepted', by: 'GET /dashboard', detail: 'GET /dashboard accepted it, and refused no password' };
  if (own.verdict === 'refused') return { verdict: 'refused', detail: 'GET /dashboard refused it' };
  return { verdict: 'unclear', detail: `GET /dashboard answered ${own.status}, which is no verdict on a password` };
}

/** Sends one wrong password per round, and the control last: after five within a minute the engine accepts no password from an address. */
async function showsRefusalOfPassword(context: DocumentEngineContext, control: Control): Promise<Reading | null> {
  const { client } = context;
  const { password } = await partsOf(context);
  if (password === undefined) return null;
  const bare = await askDashboard(client, null);
  if (bare.verdict !== 'refused') return openDashboard(bare);
  const own = await onOwnConnections(() => askDashboard(client, password));
  if (own.verdict === 'accepted') return { verdict: 'accepted', detail: 'Document Engine still accepts it' };
  const beside = await onEach(context, isNotAccepted, () => askDashboard(client, control.parts['password'] ?? ''));
  if (beside.verdict !== 'accepted')
    return { verdict: 'useless', detail: `Document Engine refuses ${control.name} as well, so nothing is shown` };
  return own.verdict === 'refused'
    ? { verdict: 'refused', detail: `GET /dashboard answered 401, while it accepted ${control.name}` }
    : { verdict: 'unclear', detail: `GET /dashboard answered ${own.status}, which is no verdict on a password` };
}

function openDashboard({ status }: Reply): Reading {
  return {
    verdict: 'unclear',
    detail: `GET /dashboard does not ask for a password (${status}): it is disabled, or behind a sign-on`,
  };
}

async function partsOf({ store, ref }: DocumentEngineContext): Promise<Readonly<Record<string, string>>> {
  return (await store.read(ref)).parts.length > 0 ? store.unseal(ref) : {};
}

/** Null when there is nothing to sign with. */
async function keyOf(context: DocumentEngineContext): Promise<Signs | null> {
  const { privateKey } = await partsOf(context);
  return privateKey === undefined ? null : signerWith(context, privateKey);
}

const outcomes = {
  ...{ accepted: 'proved', refused: 'failed', useless: 'failed' },
  unclear: 'not-observable',
} as const satisfies Record<Reading['verdict'], Finding['outcome']>;

/** A refusal is retried while some nodes may not know the value. A value that a person has just adopted is refused at once. */
async function judgeAcceptance(
  { store, ref, connection }: DocumentEngineContext,
  reading: Reading | null,
): Promise<Finding> {
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(store, ref, { kind: 'accepted', outcome, detail });
  if (!reading) return say('not-observable', 'only its public half is known, and no jwt.signer is configured');
  const { verdict, detail } = reading;
  const { propagationMs } = connection;
  if (verdict === 'refused' && scope().waitedMs < propagationMs && (await isDoubted({ store, ref })))
    throw propagating(`${detail}; asked again, since some nodes may not know it yet`, Math.ceil(propagationMs / 2));
  if (verdict === 'accepted' || verdict === 'refused') await store.note(ref, { provider: verdict });
  return say(outcomes[verdict], detail);
}

/** Whether a refusal of the version is unexpected: it was accepted before, or Keyturn generated it. */
async function isDoubted({ store, ref }: Pick<DocumentEngineContext, 'store' | 'ref'>): Promise<boolean> {
  return !(await store.read(ref)).adopted || (await wasAccepted({ store, ref }));
}

async function wasAccepted({ store, ref }: Pick<DocumentEngineContext, 'store' | 'ref'>): Promise<boolean> {
  return (await store.evidence(ref)).some(({ kind, outcome }) => kind === 'accepted' && outcome === 'proved');
}

/** How many rounds a refusal has to last. */
interface Rounds {
  readonly ask: (context: DocumentEngineContext, control: Control) => Promise<Reading | null>;
  readonly isOver: (streak: Streak, propagationMs: number) => boolean;
  readonly again: (message: string, propagationMs: number) => Error;
}

const rounds = { isOver: isLasting, again: anotherRound };

/** Only two rounds: after too many wrong passwords the engine accepts no password from an address. */
const fewRounds: Pick<Rounds, 'isOver' | 'again'> = {
  isOver: ({ times, lastedMs }, propagationMs) => times >= (propagationMs === 0 ? 1 : 2) && lastedMs >= propagationMs,
  again: propagating,
};

async function judgeRefusal(context: DocumentEngineContext, { ask, isOver, again }: Rounds): Promise<Finding> {
  const { store, ref, connection } = context;
  const say = (outcome: Finding['outcome'], detail: string) =>
    recordFinding(store, ref, { kind: 'refused', outcome, detail });
  const control = await controlOf(context);
  if (!control) return say('not-observable', 'there is no accepted value to compare with');
  const reading = await ask(context, control);
  if (!reading) return say('not-observable', 'there is no value to ask with');
  const { verdict, detail } = reading;
  if (verdict === 'unclear') return say('not-observable', detail);
  if (verdict !== 'refused') {
    const waitLimitMs = 2 * Math.max(soonMs, connection.propagationMs);
    if (verdict === 'accepted' || connection.propagationMs > 0) await waitOut(context, reading, waitLimitMs);
    return say('failed', detail);
  }
  if (!(await wasAccepted(context))) return say('not-observable', 'already refused before the rotation');
  const { propagationMs } = connection;
  const streak = await countRound(store, ref, { refused: true, detail, propagationMs });
  if (!isOver(streak, propagationMs)) throw again(`${detail}; asked again over the propagation delay`, propagationMs);
  await store.note(ref, { provider: 'refused' });
  return say('proved', detail);
}

/** Waits for a value that is still accepted. Ends the streak of refusals. */
async function waitOut(
  { store, ref, connection }: DocumentEngineContext,
  { detail }: Reading,
  waitLimitMs: number,
): Promise<void> {
  await countRound(store, ref, { refused: false, detail, propagationMs: connection.propagationMs });
  if (scope().waitedMs < waitLimitMs) throw propagating(`${detail}; asked again`, waitLimitMs / 4);
}
