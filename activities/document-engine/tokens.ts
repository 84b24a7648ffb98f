import { createPrivateKey } from 'node:crypto';
import { decodeJwt, type JWTPayload, SignJWT } from 'jose';
import { onOwnConnections } from '../shared/http.js';
import { testPdf } from '../shared/test-pdf.js';
import type { JwtAlgorithm } from './client.js';
import { documentOf } from './documents.js';
import { newValue } from './keys.js';
import { askBuild, askViewer, type Reply } from './questions.js';
import { followed, type DocumentEngineWork } from './standing.js';

/** What the engine showed of a value, and what it was asked, in words. */
export interface Reading {
  /** `unclear`: nothing that it answered tells one from the other. `useless`: what has to be accepted beside it is refused as well. */
  readonly verdict: 'accepted' | 'refused' | 'unclear' | 'useless';
  readonly detail: string;
  /** The request that showed it. */
  readonly by?: string;
}

/** Makes a token with these claims besides its end. */
export type Signs = (claims: JWTPayload) => Promise<string>;

/** A request that may show whether the engine takes a key's tokens. Releases differ in where they take any. */
export interface TokenProbe {
  /** As it is shown to people. */
  readonly name: string;
  readonly ask: (signs: Signs) => Promise<Reply>;
  /** Statuses of a refusal, where the same is said of a key that never was one. */
  readonly refusals: readonly number[];
}

const tokenSeconds = 300;

/** Tokens of a key that live for a few minutes by the engine's clock. */
export function signerWith({ client, connection }: DocumentEngineWork, privateKey: string): Signs {
  const { algorithm } = connection.jwt;
  return async (claims) => {
    await client.learnTime();
    return new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm })
      .setExpirationTime(Math.floor(client.now() / 1000) + tokenSeconds)
      .sign(createPrivateKey(privateKey));
  };
}

/** A token of somebody else's: whatever it claims, it claims already. */
export function given(token: string): Signs {
  return async () => token;
}

const strangers = new Map<JwtAlgorithm, Promise<Record<string, string>>>();

/** Tokens of a key that never was one of the engine's: what it says of them is how it refuses. */
export async function stranger(work: DocumentEngineWork): Promise<Signs> {
  const { algorithm } = work.connection.jwt;
  const known = strangers.get(algorithm) ?? newValue('jwt', algorithm);
  strangers.set(algorithm, known);
  return signerWith(work, (await known)['privateKey'] ?? '');
}

/**
 * Asks by one request after the other until `judge` has an answer; null when none gives one. The document that a viewer's request needs is
 * there meanwhile, and no longer.
 */
export async function byEachProbe<T>(
  work: DocumentEngineWork,
  judge: (probe: TokenProbe) => Promise<T | null>,
): Promise<T | null> {
  const upstream = () => judge(buildProbe(work));
  const viewing = () => withDocument(work, judge);
  const inOrder = followed(work)?.probe === viewerProbe ? [viewing, upstream] : [upstream, viewing];
  for (const ask of inOrder) {
    const judged = await ask();
    if (judged !== null) return judged;
  }
  return null;
}

function buildProbe({ client }: DocumentEngineWork): TokenProbe {
  const ask = (signs: Signs): Promise<Reply> => signs({}).then((token) => askBuild(client, token));
  return { name: 'POST /api/build', ask, refusals: [403] };
}

const viewerProbe = 'POST /i/d/{document}/auth';

async function withDocument<T>(
  work: DocumentEngineWork,
  judge: (probe: TokenProbe) => Promise<T | null>,
): Promise<T | null> {
  const { client } = work;
  const document = `${documentOf(work.store, work.ref.credential)}-viewer`;
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

/** How a key is asked about. */
export interface AskedFor {
  /** The token is somebody else's: it may be refused at one place for what it claims, and taken at another. */
  readonly isSomebodys?: boolean;
  /** What every connection should say; the first that says otherwise counts. An acceptance when left out. */
  readonly expected?: 'accepted' | 'refused';
  /** Hands in no document, so a viewer's request is left out. */
  readonly isQuiet?: boolean;
}

/** An acceptance counts where a key that never was one is not accepted. */
export async function showsKey(
  work: DocumentEngineWork,
  signs: Signs,
  { isSomebodys = false, expected = 'accepted', isQuiet = false }: AskedFor = {},
): Promise<Reading> {
  const other = await stranger(work);
  const refused: string[] = [];
  const isExpected = ({ verdict }: Reply): boolean => (verdict === 'accepted') === (expected === 'accepted');
  const judge = async ({ name, ask }: TokenProbe): Promise<Reading | null> => {
    const { verdict } = await onEach(work, isExpected, () => ask(signs));
    if (verdict === 'refused') refused.push(name);
    if (verdict === 'refused' && !isSomebodys) return refusal(refused);
    if (verdict !== 'accepted' || (await ask(other)).verdict === 'accepted') return null;
    return { verdict, by: name, detail: `${name} took a token signed with it, and none signed with another key` };
  };
  const shown = await (isQuiet ? judge(buildProbe(work)) : byEachProbe(work, judge));
  if (shown) return shown;
  if (refused.length > 0) return refusal(refused);
  return { verdict: 'unclear', detail: 'no request shows whether Document Engine takes a token' };
}

function refusal(names: readonly string[]): Reading {
  return { verdict: 'refused', detail: `${names.join(' and ')} refused a token signed with it` };
}

/** Asks on several connections, since each of them may meet another node: the first answer that is not as expected, else the last. */
export async function onEach(
  { connection }: Pick<DocumentEngineWork, 'connection'>,
  isExpected: (reply: Reply) => boolean,
  ask: () => Promise<Reply>,
): Promise<Reply> {
  for (let left = connection.connections; ; left -= 1) {
    const reply = await (connection.connections === 1 ? ask() : onOwnConnections(ask));
    if (!isExpected(reply) || left <= 1) return reply;
  }
}

/** The document that a token is for. */
function claimed(token: string): string | null {
  const { document_id: document } = decodeJwt(token);
  return typeof document === 'string' ? document : null;
}
