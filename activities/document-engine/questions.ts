import { z } from 'zod';
import { OutsideError } from '../shared/outside-error.js';
import type { DocumentEngineClient } from './client.js';
import { pathOf } from '../shared/endpoints.js';
import { endpoints } from './requests.js';

/** What the engine thinks of a value that it was asked with. `unclear`: it did not speak of the value, or somebody else answered. */
export interface Reply {
  readonly verdict: 'accepted' | 'refused' | 'unclear';
  readonly status: number;
  /** Whether it was the engine that answered, as far as its header `Server` tells. */
  readonly byEngine: boolean;
}

const Session = z.object({ token: z.string().min(1) });
const Denial = z.object({ reason: z.enum(['invalid_token', 'expired_token', 'revoked_token', 'invalid_auth_token']) });

/** A `POST /api/build` with a token. A refusal is 403 and says why; with nothing in it, it is what a wrong API token gets. */
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

/** What a viewer does with a token: it swaps it for a session with a document. The vendor's viewer asks so; nothing describes it. */
export async function askViewer(client: DocumentEngineClient, document: string, token: string): Promise<Reply> {
  const { method } = endpoints.openSession;
  const answer = await client.question({
    ...{ operation: 'openSession', method, path: pathOf(endpoints.openSession, { document }), asks: true },
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jwt: token }),
    allow: [302, 400, 401, 403, 404],
  });
  const { status, byEngine } = answer;
  const content = contentOf(answer.text);
  const denial = Denial.safeParse(content).data;
  if (denial?.reason === 'expired_token') throw expired('openSession');
  if (status < 300) return { verdict: Session.safeParse(content).success ? 'accepted' : 'unclear', status, byEngine };
  return { verdict: denial && byEngine ? 'refused' : 'unclear', status, byEngine };
}

/** `GET /dashboard` with a password, or with nothing. A redirect out of the dashboard is a login page, and no acceptance. */
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

/** A token that has passed is no answer about its key. */
function expired(operation: string): OutsideError {
  return new OutsideError('document-engine', operation, { code: 'TOKEN_EXPIRED' });
}

function contentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
