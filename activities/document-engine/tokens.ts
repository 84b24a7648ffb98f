import { createPrivateKey } from 'node:crypto';
import { decodeJwt, type JWTPayload, SignJWT } from 'jose';
import { onOwnConnections } from '../shared/http.js';
import { testPdf } from '../shared/test-pdf.js';
import type { JwtAlgorithm } from './client.js';
import { documentOf } from './documents.js';
import { newValue } from './keys.js';
import { askBuild, askViewer, type Reply } from './questions.js';
import { followed, type DocumentEngineContext } from './context.js';

/** The engine's verdict on a value, with the requests in words. */
export interface Reading {
  /** `unclear`: no answer was conclusive. `useless`: the engine refuses the control as well. */
  readonly verdict: 'accepted' | 'refused' | 'unclear' | 'useless';
  readonly detail: string;
  /** The request that proved it. */
  readonly by?: string;
}

/** Signs a token with these claims and an expiry. */
export type Signs = (claims: JWTPayload) => Promise<string>;

/** A request that may show whether the engine accepts a key's tokens. Releases differ in which requests accept any. */
export interface TokenProbe {
  /** Its name for people. */
  readonly name: string;
  readonly ask: (signs: Signs) => Promise<Reply>;
  /** Statuses that count as a refusal when a key that was never valid gets the same status. */
  readonly refusals: readonly number[];
}

const tokenSeconds = 300;

/** Signs tokens that are valid for a few minutes by the engine's clock. */
export function signerWith({ client, connection }: DocumentEngineContext, privateKey: string): Signs {
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
export async function stranger(context: DocumentEngineContext): Promise<Signs> {
  const { algorithm } = context.connection.jwt;
  const known = strangers.get(algorithm) ?? newValue('jwt', algorithm);
  strangers.set(algorithm, known);
  return signerWith(context, (await known)['privateKey'] ?? '');
}

/**
 * Tries one kind of request after the other until `judge` has an answer. Null when none has. The document that a viewer's request needs
 * exists only meanwhile.
 */
export async function byEachProbe<T>(
  context: DocumentEngineContext,
  judge: (probe: TokenProbe) => Promise<T | null>,
): Promise<T | null> {
  const upstream = () => judge(buildProbe(context));
  const viewing = () => withDocument(context, judge);
  const inOrder = followed(context)?.probe === viewerProbe ? [viewing, upstream] : [upstream, viewing];
  for (const ask of inOrder) {
    const judged = await ask();
    if (judged !== null) return judged;
  }
  return null;
}

function buildProbe({ client }: DocumentEngineContext): TokenProbe {
  const ask = (signs: Signs): Promise<Reply> => signs({}).then((token) => askBuild(client, token));
  return { name: 'POST /api/build', ask, refusals: [403] };
}

const viewerProbe = 'POST /i/d/{document}/auth';

async function withDocument<T>(
  context: DocumentEngineContext,
  judge: (probe: TokenProbe) => Promise<T | null>,
): Promise<T | null> {
  const { client } = context;
  const document = `${documentOf(context.store, context.ref.credential)}-viewer`;
  const ask = async (signs: Signs): Promise<Reply> => {
    const token = await signs({ document_id: document, permissions: ['read-document'] });
    return askViewer(client, claimed(token) ?? document, token);
  };
  await client.upload(document, testPdf(document));
  try {
    return await judge({ name: viewerProbe, ask, refusals: [401, 403] });
  } finally {
    await client.deleteDocument(document);
  }
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
  context: DocumentEngineContext,
  signs: Signs,
  { isSomebodys = false, expected = 'accepted', isQuiet = false }: AskedFor = {},
): Promise<Reading> {
  const other = await stranger(context);
  const refused: string[] = [];
  const isExpected = ({ verdict }: Reply): boolean => (verdict === 'accepted') === (expected === 'accepted');
  const judge = async ({ name, ask }: TokenProbe): Promise<Reading | null> => {
    const { verdict } = await onEach(context, isExpected, () => ask(signs));
    if (verdict === 'refused') refused.push(name);
    if (verdict === 'refused' && !isSomebodys) return refusal(refused);
    if (verdict !== 'accepted' || (await ask(other)).verdict === 'accepted') return null;
    return { verdict, by: name, detail: `${name} accepted a token signed with it, and none signed with another key` };
  };
  const reading = await (isQuiet ? judge(buildProbe(context)) : byEachProbe(context, judge));
  if (reading) return reading;
  if (refused.length > 0) return refusal(refused);
  return { verdict: 'unclear', detail: 'no request shows whether Document Engine accepts a token' };
}

function refusal(names: readonly string[]): Reading {
  return { verdict: 'refused', detail: `${names.join(' and ')} refused a token signed with it` };
}

/** Asks on several connections, since each may meet another node. Returns the first unexpected answer, else the last one. */
export async function onEach(
  { connection }: Pick<DocumentEngineContext, 'connection'>,
  isExpected: (reply: Reply) => boolean,
  ask: () => Promise<Reply>,
): Promise<Reply> {
  for (let left = connection.connections; ; left -= 1) {
    const reply = await (connection.connections === 1 ? ask() : onOwnConnections(ask));
    if (!isExpected(reply) || left <= 1) return reply;
  }
}

/** The document in a token's claims. */
function claimed(token: string): string | null {
  const { document_id: document } = decodeJwt(token);
  return typeof document === 'string' ? document : null;
}
