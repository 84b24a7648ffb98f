import { z } from 'zod';
import { OutsideError } from '../shared/outside-error.js';
import type { DocumentEngineClient, SecretType } from './client.js';
import { pathOf } from '../shared/endpoints.js';
import { endpoints } from './requests.js';

/** The engine's answer to a request with a value. `unclear`: no verdict on the value, or the answer came from something in between. */
export interface Reply {
  readonly verdict: 'accepted' | 'refused' | 'unclear';
  readonly status: number;
  /** Whether the engine itself answered, by the header `Server`. */
  readonly byEngine: boolean;
}

const OpenedSession = z.object({ token: z.string().min(1), layerHandle: z.string().optional() });
const Denial = z.object({ reason: z.enum(['invalid_token', 'expired_token', 'revoked_token', 'invalid_auth_token']) });

/** A `POST /api/build` with a token. A refusal is a 403 with a reason; a 403 with an empty body is the answer to a wrong API token. */
export async function askBuild(client: DocumentEngineClient, token: string): Promise<Reply> {
  const { status, text, byEngine } = await client.question({
    operation: 'build',
    ...{ ...endpoints.build, asks: true },
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ parts: [{ page: 'new' }] }),
    allow: [401, 403],
  });
  if (text.includes('`exp`')) throw expired('build');
  const verdict = status < 300 ? 'accepted' : status === 403 && byEngine && text !== '' ? 'refused' : 'unclear';
  return { verdict, status, byEngine };
}

/** Exchanges a token for a session with a document, like the vendor's viewer. The request is not documented. */
export async function askViewer(client: DocumentEngineClient, document: string, token: string): Promise<Reply> {
  const answer = await openSession(client, document, token);
  const { status, byEngine } = answer;
  const content = contentOf(answer.text);
  const denial = Denial.safeParse(content).data;
  if (denial?.reason === 'expired_token') throw expired('openSession');
  if (status < 300)
    return { verdict: OpenedSession.safeParse(content).success ? 'accepted' : 'unclear', status, byEngine };
  return { verdict: denial && byEngine ? 'refused' : 'unclear', status, byEngine };
}

/** A viewer's session with a document. */
export interface Session {
  readonly document: string;
  readonly layer: string;
  readonly token: string;
}

/** Null where the engine opens no session for the token. */
export async function exchangeForSession(
  client: DocumentEngineClient,
  document: string,
  token: string,
): Promise<Session | null> {
  const { text } = await openSession(client, document, token);
  const opened = OpenedSession.safeParse(contentOf(text)).data;
  return opened?.layerHandle === undefined ? null : { document, layer: opened.layerHandle, token: opened.token };
}

/** Whether a session still shows its document. */
export async function isSessionOpen(
  client: DocumentEngineClient,
  { document, layer, token }: Session,
): Promise<boolean> {
  const { status } = await client.question({
    operation: 'viewSession',
    method: endpoints.viewSession.method,
    path: pathOf(endpoints.viewSession, { document, layer }),
    headers: { 'x-pspdfkit-token': token },
    allow: [401, 403, 404],
  });
  return status < 300;
}

/** The list of secrets without a token. */
export async function askPlainly(client: DocumentEngineClient, type: SecretType): Promise<{ readonly status: number }> {
  const { method } = endpoints.listSecrets;
  const path = pathOf(endpoints.listSecrets, { type });
  return client.question({ operation: 'listSecrets', method, path, allow: [301, 302, 303, 307, 401, 403, 404] });
}

/** `GET /dashboard` with a password, or without one. A redirect out of the dashboard leads to a login page and is no acceptance. */
export async function askDashboard(client: DocumentEngineClient, password: string | null): Promise<Reply> {
  const user = Buffer.from(`${client.dashboardUsername}:${password}`).toString('base64');
  const { status, headers, byEngine } = await client.question({
    operation: 'dashboard',
    ...endpoints.dashboard,
    headers: password === null ? {} : { authorization: `Basic ${user}` },
    allow: [301, 302, 303, 307, 308, 401, 403, 404],
  });
  const inside = status >= 300 && status < 400 && staysInside(String(headers['location']));
  const asksForBasic = /^basic\b/i.test(String(headers['www-authenticate'] ?? ''));
  const verdict = status < 300 || inside ? 'accepted' : status === 401 && asksForBasic ? 'refused' : 'unclear';
  return { verdict, status, byEngine };
}

function staysInside(location: string): boolean {
  return /^\/dashboard(?:[/?#]|$)/.test(location);
}

function openSession(client: DocumentEngineClient, document: string, token: string) {
  const { method } = endpoints.openSession;
  return client.question({
    ...{ operation: 'openSession', method, path: pathOf(endpoints.openSession, { document }), asks: true },
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jwt: token }),
    allow: [302, 400, 401, 403, 404],
  });
}

/** An expired token is no verdict on its key. */
function expired(operation: string): OutsideError {
  return new OutsideError('Document Engine', operation, { code: 'TOKEN_EXPIRED' });
}

function contentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
