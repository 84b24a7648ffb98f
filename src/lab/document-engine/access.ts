import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Answer, Handler, Incoming, Routes } from '../routes.js';
import { bystander } from '../server.js';
import type { Behavior, DocumentEngineState } from './state.js';
import { publicKeyOf } from './table.js';

/** Requires the API token. A wrong token gets an empty 403, as seen on the real service; a missing one gets 401. */
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

/** Reads `Token token="…"`, with or without quotes, or `Bearer …`. The vendor's clients use the first two; all were seen to work. */
export function tokenIn({ headers }: Incoming): string | null {
  const [, quoted, plain, bearer] =
    /^(?:Token token=(?:"([^"]*)"|([^"]*))|Bearer (.*))$/.exec(headers.authorization ?? '') ?? [];
  return quoted ?? plain ?? bearer ?? null;
}

/** The node that a request reaches, by its connection. */
export function nodeOf({ connection = 0 }: Incoming): number {
  return connection;
}

/** The refusal of a request to `POST /api/build` that has no valid JWT; null when it has one. */
export async function whyNotByJwt(
  state: DocumentEngineState,
  request: Incoming,
  { upstreamJwt }: Behavior,
): Promise<Answer | null> {
  const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return tokenIn(request) === null ? unauthorized : forbidden;
  if (upstreamJwt !== 'taken') return { status: upstreamJwt };
  const { flaw } = await checkJwt(state, token, nodeOf(request));
  if (flaw === null) return null;
  const why = flaw === 'signature' ? 'Invalid signature in JWT' : `Invalid \`${flaw}\` claim in JWT: ${claims[flaw]}`;
  return { status: 403, body: why };
}

const claims: Readonly<Record<string, string>> = { exp: 'Expiration time is in the past' }; // the vendor's words

/** The result of a token check. `key` is the key that signed the token; `flaw` is null when it is valid. */
export interface CheckedJwt {
  readonly flaw: string | null;
  readonly key: string;
  readonly payload: JWTPayload;
}

/** Checks a token against every key that a node knows. */
export async function checkJwt(state: DocumentEngineState, token: string, node: number): Promise<CheckedJwt> {
  let flaw = 'signature';
  for (const { value } of state.live('jwt', node)) {
    const found = await flawOf(state, token, value);
    if (found === null) return { flaw: null, key: value, payload: decodeJwt(token) };
    if (found !== 'signature') flaw = found;
  }
  return { flaw, key: '', payload: {} };
}

/** Checks a token against one key. Null when it is valid. */
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

/** The dashboard, with Basic authentication and any valid password. After too many wrong passwords within a minute, it refuses all. */
export function dashboard(state: DocumentEngineState, username: string, behavior: Behavior): Handler<Incoming> {
  let failures: number[] = []; // of Keyturn's address; the simulated users of the dashboard have other addresses, and use it this often only in tests
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
