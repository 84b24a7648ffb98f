import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Answer, Handler, Incoming, Routes } from '../routes.js';
import { bystander } from '../server.js';
import type { Behavior, DocumentEngineState } from './state.js';
import { publicKeyOf } from './table.js';

/** Lets only the API token through. A wrong one is 403 with nothing in it, as seen on the real service; 401 is for none at all. */
export function forToken(apiToken: string, routes: Routes<Incoming>): Routes<Incoming> {
  const guarded = Object.entries(routes).map(([route, handle]): [string, Handler<Incoming>] => [
    route,
    (request) => {
      const token = tokenIn(request);
      return token === apiToken ? handle(request) : token === null ? unauthorized : forbidden;
    },
  ]);
  return Object.fromEntries(guarded);
}

export const unauthorized: Answer = { status: 401, body: 'Unauthorized' };
const forbidden: Answer = { status: 403 };

/** `Token token="…"` with or without the quotes, or `Bearer …`: the vendor's clients use the first two, and all were seen to work. */
export function tokenIn({ headers }: Incoming): string | null {
  const [, quoted, plain, bearer] =
    /^(?:Token token=(?:"([^"]*)"|([^"]*))|Bearer (.*))$/.exec(headers.authorization ?? '') ?? [];
  return quoted ?? plain ?? bearer ?? null;
}

/** The node that a request meets, by its connection. */
export function nodeOf({ connection = 0 }: Incoming): number {
  return connection;
}

/** The answer to whoever is not let in to `POST /api/build` by a JWT; null for whoever is. */
export async function whyNotByJwt(
  state: DocumentEngineState,
  request: Incoming,
  { upstreamJwt }: Behavior,
): Promise<Answer | null> {
  const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return tokenIn(request) === null ? unauthorized : forbidden;
  if (upstreamJwt !== 'taken') return { status: upstreamJwt };
  const { flaw } = await judgeJwt(state, token, nodeOf(request));
  if (flaw === null) return null;
  const why = flaw === 'signature' ? 'Invalid signature in JWT' : `Invalid \`${flaw}\` claim in JWT: ${claims[flaw]}`;
  return { status: 403, body: why };
}

const claims: Readonly<Record<string, string>> = { exp: 'Expiration time is in the past' }; // the vendor's words

/** A token and what is wrong with it; `key` is the one it fits. */
export interface Judged {
  readonly flaw: string | null;
  readonly key: string;
  readonly payload: JWTPayload;
}

/** What is wrong with a token under the keys that a node knows; `flaw` is null when nothing is. */
export async function judgeJwt(state: DocumentEngineState, token: string, node: number): Promise<Judged> {
  let flaw = 'signature';
  for (const { value } of state.live('jwt', node)) {
    const found = await flawOf(state, token, value);
    if (found === null) return { flaw: null, key: value, payload: decodeJwt(token) };
    if (found !== 'signature') flaw = found;
  }
  return { flaw, key: '', payload: {} };
}

/** What is wrong with a token under one of the keys; null when nothing is. */
async function flawOf(state: DocumentEngineState, token: string, pem: string): Promise<string | null> {
  const key = publicKeyOf(pem);
  if (!key) return 'signature';
  try {
    const options = { algorithms: [state.algorithm], currentDate: new Date(state.now()), requiredClaims: ['exp'] };
    await jwtVerify(token, key, options);
    return null;
  } catch (error) {
    if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) return error.claim;
    return 'signature';
  }
}

const minuteMs = 60_000;
const challenge: Answer = { ...unauthorized, headers: { 'www-authenticate': 'Basic realm="Dashboard"' } };

/** The dashboard: Basic, with any password that is valid. Whoever tried too many wrong ones within a minute is let in with none. */
export function dashboard(state: DocumentEngineState, username: string, behavior: Behavior): Handler<Incoming> {
  let failures: number[] = []; // of one address: whoever uses the dashboard beside Keyturn comes from others, and hammers in tests alone
  return (request) => {
    if (request.headers.authorization === undefined) return challenge;
    const isCounted = !Object.keys(bystander).some((name) => name in request.headers);
    failures = failures.filter((at) => performance.now() - at < minuteMs);
    if (isCounted && failures.length >= behavior.dashboardFailures)
      return { ...challenge, status: behavior.dashboardBlock };
    if (isDashboardUser(state, username, request)) return { status: 200, body: 'Dashboard' };
    if (isCounted) failures.push(performance.now());
    return challenge;
  };
}

function isDashboardUser(state: DocumentEngineState, username: string, request: Incoming): boolean {
  const [, encoded = ''] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? [];
  const given = Buffer.from(encoded, 'base64').toString();
  return state.live('dashboard_password', nodeOf(request)).some(({ value }) => given === `${username}:${value}`);
}
