import { randomBytes } from 'node:crypto';
import { type AccountOptions, createAccount, type LabAccount } from '../logins/account.js';
import type { Answer, Incoming } from '../routes.js';
import { type LabOptions, type LabServer, serve } from '../server.js';

/**
 * How an endpoint names a wrong client secret, and when it looks at it:
 * - `rfc`: `invalid_client`, before everything else (RFC 6749; Google)
 * - `keycloak`: `unauthorized_client` with a description, which without it means that the client may not use the grant
 * - `authentik`: like `rfc`; but at client credentials `invalid_grant`, and `invalid_client` also for a redirect address it does not know
 * - `token-first`: a code or refresh token that is none is refused before the secret is looked at
 */
export type OAuthVendor = 'rfc' | 'keycloak' | 'authentik' | 'token-first';

export interface OAuthLabOptions extends AccountOptions, LabOptions {
  readonly clock?: () => number;
  readonly vendor?: OAuthVendor;
  /** Whether the client may use client credentials; true when left out. */
  readonly grantsCredentials?: boolean;
  /** Whether a refresh token ends when it is used, and the answer has the next one. */
  readonly replacesRefreshTokens?: boolean;
}

/** The password of the account is the secret of the client, and its user name the client's id. */
export interface OAuthLab extends LabServer, LabAccount {
  readonly tokenUrl: string;
  readonly redirectUri: string;
  /** Live refresh tokens. A person may revoke one. */
  readonly refreshTokens: Set<string>;
  /** Secrets that the client has besides the account's password. A person may add and delete some. */
  readonly secrets: Set<string>;
}

/** A token endpoint with one confidential client. */
export async function startOAuthLab(options: OAuthLabOptions = {}): Promise<OAuthLab> {
  const account = createAccount({ username: 'docuelevate', ...options });
  const refreshTokens = new Set([newToken()]);
  const redirectUri = 'https://docs.example.com/oauth-callback';
  const secrets = new Set<string>();
  const endpoint = createEndpoint({ ...options, account, refreshTokens, secrets, redirectUri });
  const server = await serve(
    (request) => (request.method === 'POST' && request.path === '/token/' ? endpoint(request) : { status: 404 }),
    options,
  );
  const lab = { ...server, tokenUrl: `${server.url}/token/`, redirectUri, refreshTokens, secrets };
  return Object.defineProperties(lab, Object.getOwnPropertyDescriptors(account)) as typeof lab & LabAccount; // with its accessors
}

interface Endpoint extends Pick<OAuthLabOptions, 'vendor' | 'grantsCredentials' | 'replacesRefreshTokens'> {
  readonly account: ReturnType<typeof createAccount>;
  readonly refreshTokens: Set<string>;
  readonly secrets: Set<string>;
  readonly redirectUri: string;
}

function createEndpoint(endpoint: Endpoint): (request: Incoming) => Answer {
  const { vendor = 'rfc', account, refreshTokens } = endpoint;
  return (request) => {
    const form = new URLSearchParams(request.body.toString());
    const grant = form.get('grant_type') ?? '';
    if (vendor === 'token-first' && grant === 'refresh_token' && !refreshTokens.has(form.get('refresh_token') ?? ''))
      return error(400, 'invalid_grant');
    const { id, secret } = clientOf(request, form);
    const outcome = signIn(endpoint, id, secret);
    if (outcome === 'locked') return { status: 429 };
    if (id !== account.username) return error(401, 'invalid_client', aboutClients);
    if (outcome === 'refused') return wrongSecret(vendor, grant);
    const handle = grants[grant];
    return handle ? handle(endpoint, form) : error(400, 'unsupported_grant_type');
  };
}

function signIn({ account, secrets }: Endpoint, id: string, secret: string) {
  return account.signIn(id, secrets.has(secret) ? account.password : secret);
}

function clientOf({ headers }: Incoming, form: URLSearchParams): { id: string; secret: string } {
  const [, text] = /^Basic (.+)$/i.exec(headers.authorization ?? '') ?? [];
  if (text === undefined) return { id: form.get('client_id') ?? '', secret: form.get('client_secret') ?? '' };
  const [id = '', secret = ''] = Buffer.from(text, 'base64').toString().split(':').map(decodeURIComponent);
  return { id, secret };
}

const aboutClients = 'Invalid client or Invalid client credentials';

function wrongSecret(vendor: OAuthVendor, grant: string): Answer {
  if (vendor === 'keycloak') return error(401, 'unauthorized_client', aboutClients);
  return vendor === 'authentik' && grant === 'client_credentials'
    ? error(400, 'invalid_grant')
    : error(401, 'invalid_client');
}

const grants: Readonly<Record<string, (endpoint: Endpoint, form: URLSearchParams) => Answer>> = {
  client_credentials: ({ grantsCredentials = true }) =>
    grantsCredentials ? issued() : error(401, 'unauthorized_client', 'Client not enabled to retrieve service account'),
  authorization_code({ vendor, redirectUri }, form) {
    const isKnown = form.get('redirect_uri') === redirectUri;
    return vendor === 'authentik' && !isKnown ? error(400, 'invalid_client') : error(400, 'invalid_grant');
  },
  refresh_token({ refreshTokens, replacesRefreshTokens }, form) {
    const token = form.get('refresh_token') ?? '';
    if (!refreshTokens.has(token)) return error(400, 'invalid_grant');
    if (!replacesRefreshTokens) return issued();
    const next = newToken();
    refreshTokens.delete(token);
    refreshTokens.add(next);
    return issued(next);
  },
};

function issued(refreshToken?: string): Answer {
  const token = { access_token: newToken(), token_type: 'Bearer', expires_in: 300 };
  return { status: 200, body: { ...token, ...(refreshToken !== undefined && { refresh_token: refreshToken }) } };
}

function error(status: number, code: string, description = 'A sentence about it.'): Answer {
  return { status, body: { error: code, error_description: description } };
}

function newToken(): string {
  return randomBytes(24).toString('base64url');
}
