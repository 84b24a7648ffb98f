import { createPrivateKey } from 'node:crypto';
import { decodeJwt, type JWTPayload, SignJWT } from 'jose';
import { z } from 'zod';
import { readAs } from '../shared/http.js';
import { OutsideError } from '../shared/outside-error.js';
import { onEachConnection, type Shown } from '../shared/probes.js';
import { testPdf } from '../shared/test-pdf.js';
import type { DocumentEngineClient, JwtAlgorithm } from './client.js';
import { documentOf, type EngineContext, followed } from './context.js';
import { newValue } from './keys.js';
import { requestTo } from './requests.js';
import type { Control } from './succession.js';

// No request shows by itself whether the engine accepts a key: a proxy answers like the engine, and releases differ in which requests
// accept tokens. So every verdict compares answers of one request: to the key, to a key that was never valid, and to the control.

/** The engine's answer to a request with a value. `unclear`: no verdict on the value, or the answer came from something in between. */
export interface Reply {
  readonly verdict: 'accepted' | 'refused' | 'unclear';
  readonly status: number;
  /** Whether the engine itself answered, by the header `Server`. */
  readonly byEngine: boolean;
}

/** The engine's verdict on a value, with the requests in words. `by` proved it. `unclear`: no answer was conclusive. */
export type Reading = (Shown & { readonly by?: string }) | { readonly verdict: 'unclear'; readonly detail: string };

/** Signs a token with these claims and an expiry. */
export type Signs = (claims: JWTPayload) => Promise<string>;

/** A request that may show whether the engine accepts a key's tokens. */
interface TokenProbe {
  /** Its name for people. */
  readonly name: string;
  readonly ask: (signs: Signs) => Promise<Reply>;
  /** Statuses that count as a refusal when a key that was never valid gets the same status. */
  readonly refusals: readonly number[];
}

type Judge = (probe: TokenProbe) => Promise<Reading | null>;

const tokenSeconds = 300;

/** Signs tokens that are valid for a few minutes by the engine's clock. */
export function signerWith({ client, connection }: EngineContext, privateKey: string): Signs {
  const { algorithm } = connection.jwt;
  return async (claims) => {
    await client.learnTime();
    return new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm })
      .setExpirationTime(Math.floor(client.now() / 1000) + tokenSeconds)
      .sign(createPrivateKey(privateKey));
  };
}

/** Returns a foreign token, whose claims are fixed. */
export function given(token: string): Signs {
  return async () => token;
}

const strangers = new Map<JwtAlgorithm, Promise<Record<string, string>>>();

/** Signs tokens with a key that was never valid. The engine's answer to them shows how it refuses. */
async function stranger(context: EngineContext): Promise<Signs> {
  const { algorithm } = context.connection.jwt;
  const known = strangers.get(algorithm) ?? newValue('jwt', algorithm);
  strangers.set(algorithm, known);
  return signerWith(context, (await known)['privateKey'] ?? '');
}

/** Options of a question about a key. */
export interface AskedFor {
  /** The token is a foreign one: one request may refuse it for its claims, and another one accept it. */
  readonly isSomebodys?: boolean;
  /** Expected answer on every connection. The first other answer counts. Default: `accepted`. */
  readonly expected?: 'accepted' | 'refused';
  /** Uploads no document, so the viewer's request is skipped. */
  readonly isQuiet?: boolean;
}

/** An acceptance counts only where a key that was never valid is not accepted. */
export async function showsKey(
  context: EngineContext,
  signs: Signs,
  { isSomebodys = false, expected = 'accepted', isQuiet = false }: AskedFor = {},
): Promise<Reading> {
  const other = await stranger(context);
  const refused: string[] = [];
  const isUnexpected = (reply: Reply): boolean => isAccepted(reply) !== (expected === 'accepted');
  const judge: Judge = async ({ name, ask }) => {
    const { verdict } = await onEachConnection(context.connection, isUnexpected, () => ask(signs));
    if (verdict === 'refused') refused.push(name);
    if (verdict === 'refused' && !isSomebodys) return refusal(refused);
    if (verdict !== 'accepted' || isAccepted(await ask(other))) return null;
    return { verdict, by: name, detail: `${name} accepted a token signed with it, and none signed with another key` };
  };
  const reading = await (isQuiet ? judge(buildProbe(context)) : byEachProbe(context, judge));
  return reading ?? (refused.length > 0 ? refusal(refused) : nothingShown);
}

const nothingShown: Reading = {
  verdict: 'unclear',
  detail: 'no request shows whether Document Engine accepts a token',
};

function refusal(names: readonly string[]): Reading {
  return { verdict: 'refused', detail: `${names.join(' and ')} refused a token signed with it` };
}

/** A refusal counts only from the engine itself, in the way that it refuses a key that was never valid, while it accepts the control. */
export async function showsRefusalOfKey(context: EngineContext, signs: Signs, control: Control): Promise<Reading> {
  const current = control.parts['privateKey'];
  if (current === undefined)
    return { verdict: 'unclear', detail: 'only the public half of the value to compare with is known' };
  const [signsCurrent, signsOther] = [signerWith(context, current), await stranger(context)];
  let isRefused = false;
  const reading = await byEachProbe(context, async (probe) => {
    const beside = await onEachConnection(context.connection, isAccepted, () => probe.ask(signsCurrent));
    isRefused ||= beside.verdict === 'refused';
    if (!isAccepted(beside)) return null;
    const other = await probe.ask(signsOther);
    const differs = ({ status }: Reply): boolean => status !== other.status;
    const own = await onEachConnection(context.connection, differs, () => probe.ask(signs));
    return compare(probe, { own, other }, control);
  });
  return reading ?? (isRefused ? useless(control) : nothingShown);
}

export function useless({ name }: Control): Reading {
  return { verdict: 'useless', detail: `Document Engine refuses ${name} as well, so nothing is shown` };
}

interface Replies {
  readonly own: Reply;
  /** To a key that was never valid. */
  readonly other: Reply;
}

function compare({ name, refusals }: TokenProbe, { own, other }: Replies, control: Control): Reading | null {
  if (isAccepted(other)) return null;
  if (isAccepted(own)) return { verdict: 'accepted', detail: 'Document Engine still accepts it' };
  const isRefusal = own.byEngine && own.status === other.status && refusals.includes(own.status);
  return isRefusal
    ? { verdict: 'refused', detail: `${name} answered ${own.status}, while it accepted ${control.name}` }
    : { verdict: 'unclear', detail: `${name} answered ${own.status}, which is no refusal of a key` };
}

export function isAccepted({ verdict }: Reply): boolean {
  return verdict === 'accepted';
}

/**
 * Tries one kind of request after the other until `judge` has an answer. Null when none has. The document that a viewer's request needs
 * exists only meanwhile.
 */
async function byEachProbe(context: EngineContext, judge: Judge): Promise<Reading | null> {
  const upstream = () => judge(buildProbe(context));
  const viewing = () => withDocument(context, judge);
  const [first, second] = followed(context)?.probe === viewerProbe ? [viewing, upstream] : [upstream, viewing];
  return (await first()) ?? second();
}

function buildProbe({ client }: EngineContext): TokenProbe {
  return { name: 'POST /api/build', refusals: [403], ask: async (signs) => askBuild(client, await signs({})) };
}

const viewerProbe = 'POST /i/d/{document}/auth';

async function withDocument(context: EngineContext, judge: Judge): Promise<Reading | null> {
  const { client } = context;
  const document = `${documentOf(context)}-viewer`;
  const ask = async (signs: Signs): Promise<Reply> => {
    const token = await signs(mayRead(document));
    const { document_id: claimed } = decodeJwt(token);
    return askViewer(client, typeof claimed === 'string' ? claimed : document, token);
  };
  await client.upload(document, testPdf(document));
  try {
    return await judge({ name: viewerProbe, ask, refusals: [401, 403] });
  } finally {
    await client.deleteDocument(document);
  }
}

/** Claims of a token for a viewer of a document. */
export function mayRead(document: string): JWTPayload {
  return { document_id: document, permissions: ['read-document'] };
}

/** A `POST /api/build` with a token. A refusal is a 403 with a reason; a 403 with an empty body is the answer to a wrong API token. */
async function askBuild(client: DocumentEngineClient, token: string): Promise<Reply> {
  const { status, text, byEngine } = await client.question({
    ...{ ...requestTo('build'), asks: true },
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ parts: [{ page: 'new' }] }),
    allow: [401, 403],
  });
  if (text.includes('`exp`')) throw expired('build');
  const verdict = status < 300 ? 'accepted' : status === 403 && byEngine && text !== '' ? 'refused' : 'unclear';
  return { verdict, status, byEngine };
}

const OpenedSession = z.object({ token: z.string().min(1), layerHandle: z.string().optional() });
const Denial = z.object({ reason: z.enum(['invalid_token', 'expired_token', 'revoked_token', 'invalid_auth_token']) });

async function askViewer(client: DocumentEngineClient, document: string, token: string): Promise<Reply> {
  const { status, byEngine, opened, denial } = await openSession(client, document, token);
  if (denial?.reason === 'expired_token') throw expired('openSession');
  if (status < 300) return { verdict: opened ? 'accepted' : 'unclear', status, byEngine };
  return { verdict: denial && byEngine ? 'refused' : 'unclear', status, byEngine };
}

/** Exchanges a token for a session with a document, like the vendor's viewer. The request is not documented. */
export async function openSession(client: DocumentEngineClient, document: string, token: string) {
  const { status, byEngine, text } = await client.question({
    ...{ ...requestTo('openSession', { document }), asks: true },
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jwt: token }),
    allow: [302, 400, 401, 403, 404],
  });
  return { status, byEngine, opened: readAs(OpenedSession, text), denial: readAs(Denial, text) };
}

/** An expired token is no verdict on its key. */
function expired(operation: string): OutsideError {
  return new OutsideError('Document Engine', operation, { code: 'TOKEN_EXPIRED' });
}
