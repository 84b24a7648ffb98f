import { errors, jwtVerify } from 'jose';
import type { Answer, Handler, Incoming, Routes } from '../routes.js';
import type { DocumentEngineState } from './state.js';
import { publicKeyOf } from './table.js';

/** Lets only the API token through. */
export function forToken(apiToken: string, routes: Routes<Incoming>): Routes<Incoming> {
  const guarded = Object.entries(routes).map(([route, handle]): [string, Handler<Incoming>] => [
    route,
    (request) => (tokenIn(request) === apiToken ? handle(request) : unauthorized),
  ]);
  return Object.fromEntries(guarded);
}

export const unauthorized: Answer = { status: 401, body: 'Unauthorized' };

/** `Token token="…"`, with the quotes. */
export function tokenIn({ headers }: Incoming): string | null {
  return /^Token token="([^"]*)"$/.exec(headers.authorization ?? '')?.[1] ?? null;
}

/** The answer to whoever is not let in by a JWT; null for whoever is. */
export async function whyNotByJwt(state: DocumentEngineState, { headers }: Incoming): Promise<Answer | null> {
  const token = /^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1];
  if (token === undefined) return unauthorized;
  let why = 'Invalid signature in JWT';
  for (const { value } of state.live('jwt')) {
    const flaw = await flawOf(state, token, value);
    if (flaw === null) return null;
    if (flaw !== 'signature') why = `Invalid \`${flaw}\` claim in JWT: it is missing or has passed`;
  }
  return { status: 403, body: why };
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

/** Whether somebody signs in to the dashboard with any password that is valid. */
export function isDashboardUser(state: DocumentEngineState, username: string, { headers }: Incoming): boolean {
  const [, encoded = ''] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? [];
  const given = Buffer.from(encoded, 'base64').toString();
  return state.live('dashboard_password').some(({ value }) => given === `${username}:${value}`);
}
