import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { SecretRef } from '../../src/fields/secret-ref.js';
import type { Secrets } from '../kit/provider.js';
import { Http, onOwnConnections, readAs } from '../shared/http.js';
import { CannotTell, OutsideError } from '../shared/outside-error.js';
import { basic } from './http.js';
import { deadlineMs, fewLogins, partsOf, type Probe, RequestUrl, undecided } from './probe.js';

const clientFields = {
  tokenUrl: RequestUrl.describe('The token endpoint.'),
  clientId: z.string().min(1).describe('The client, as DocuElevate knows it.'),
  clientAuthentication: z
    .enum(['body', 'basic'])
    .default('body')
    .describe(
      'How the client sends its secret: in the form (client_secret_post) or in a header (client_secret_basic).',
    ),
};

/** The value is a refresh token. */
export const OAuthRefreshTokenSection = z.strictObject({
  protocol: z.literal('oauth-refresh-token'),
  ...clientFields,
  clientSecret: SecretRef.optional().describe('The secret of the client; left out where it has none.'),
});
export type OAuthRefreshTokenSection = z.output<typeof OAuthRefreshTokenSection>;

/** The value is the secret of a client. */
export const OAuthClientSecretSection = z
  .strictObject({
    protocol: z.literal('oauth-client-secret'),
    ...clientFields,
    grant: z
      .enum(['refresh-token', 'authorization-code', 'client-credentials'])
      .default('refresh-token')
      .describe(
        'A grant that the client may use. The first two are asked with a made-up token or code: its refusal shows that the secret was accepted before. The third issues an access token.',
      ),
    scope: z.string().min(1).optional().describe('The scope of client-credentials, where the endpoint needs one.'),
    redirectUri: z
      .url()
      .optional()
      .describe('A redirect address of the client, for authorization-code: some servers check it first.'),
    refreshToken: SecretRef.optional().describe(
      'A true refresh token instead of a made-up one, for endpoints that look at it first. Never one that a use replaces.',
    ),
  })
  .refine(({ grant, refreshToken }) => refreshToken === undefined || grant === 'refresh-token', {
    path: ['refreshToken'],
    error: 'belongs to the grant refresh-token',
  });
export type OAuthClientSecretSection = z.output<typeof OAuthClientSecretSection>;

export function refreshTokenProbe(section: OAuthRefreshTokenSection, secret: Secrets): Probe {
  const { clientSecret } = section;
  const endpoint = endpointOf(section, 'a refresh');
  return {
    ...{ ...endpoint.texts, refusal: 'invalid_grant' },
    async ask(value) {
      const own = clientSecret && (await secret(clientSecret));
      const answer = await endpoint.send({ grant_type: 'refresh_token', refresh_token: value }, own);
      const { error, providerTime } = answer;
      if (error === null) return { verdict: 'accepted', providerTime };
      if (error === 'invalid_grant') return { verdict: 'refused', providerTime };
      throw endpoint.undecided(answer);
    },
  };
}

export function clientSecretProbe(section: OAuthClientSecretSection, secret: Secrets): Probe {
  const { grant, refreshToken } = section;
  const issues = grant === 'client-credentials' || refreshToken !== undefined;
  const endpoint = endpointOf(section, issues ? `a token (${grant})` : `a token with a made-up ${madeUp[grant]}`);
  const welcome = 'invalid_grant, after it had refused a made-up secret as a wrong one';
  return {
    ...{ ...endpoint.texts, ...(!issues && { welcome }), refusal: 'that the secret of the client is wrong' },
    async ask(value) {
      const form = await formOf(section, secret);
      const answer = await endpoint.send(form, value);
      const { isClientRefused, error, providerTime } = answer;
      if (isClientRefused) return { verdict: 'refused', providerTime };
      if (error === null && issues) return { verdict: 'accepted', providerTime };
      if (error !== 'invalid_grant' || issues) throw endpoint.undecided(answer);
      if ((await endpoint.send(form, invented())).isClientRefused) return { verdict: 'accepted', providerTime };
      throw new CannotTell(
        `${endpoint.texts.request} shows nothing: the endpoint looks at the ${madeUp[grant]} before the secret of the client`,
      );
    },
  };
}

const madeUp = {
  'refresh-token': 'refresh token',
  'authorization-code': 'code',
  'client-credentials': '',
} as const satisfies Record<OAuthClientSecretSection['grant'], string>;

type Form = Readonly<Record<string, string>>;

async function formOf(section: OAuthClientSecretSection, secret: Secrets): Promise<Form> {
  const { grant, scope, redirectUri, refreshToken } = section;
  if (grant === 'client-credentials')
    return { grant_type: 'client_credentials', ...(scope !== undefined && { scope }) };
  if (grant === 'authorization-code')
    return {
      ...{ grant_type: 'authorization_code', code: invented() },
      ...(redirectUri !== undefined && { redirect_uri: redirectUri }),
    };
  return { grant_type: 'refresh_token', refresh_token: refreshToken ? await secret(refreshToken) : invented() };
}

function invented(): string {
  return randomBytes(24).toString('base64url');
}

/** Codes of RFC 6749 that may be shown. */
const codes = [
  ...(['invalid_request', 'invalid_client', 'invalid_grant', 'unauthorized_client'] as const),
  ...(['unsupported_grant_type', 'invalid_scope', 'temporarily_unavailable', 'server_error'] as const),
];

const Issued = z.object({ access_token: z.string().min(1) });
const Refusal = z.object({
  /** Dropbox writes its description behind the code. */
  error: z
    .string()
    .transform((text) => text.split(':', 1)[0])
    .pipe(z.enum(codes)),
  error_description: z.string().optional(),
});

interface TokenAnswer {
  readonly status: number;
  /** Null when a token was issued, undefined for an answer of another kind. */
  readonly error: (typeof codes)[number] | null | undefined;
  readonly isClientRefused: boolean;
  readonly providerTime: number | undefined;
}

/** A token endpoint for one client. */
function endpointOf(
  { tokenUrl, clientId, clientAuthentication }: OAuthRefreshTokenSection | OAuthClientSecretSection,
  what: string,
) {
  const { host, origin, path, shown } = partsOf(tokenUrl);
  const http = new Http(host, origin, deadlineMs / 2);
  const request = `a request of ${what} at ${shown} as ${clientId}`;
  const operation = 'token';

  async function send(form: Form, clientSecret: string | undefined): Promise<TokenAnswer> {
    const isBasic = clientAuthentication === 'basic' && clientSecret !== undefined;
    const inForm = isBasic
      ? {}
      : { client_id: clientId, ...(clientSecret !== undefined && { client_secret: clientSecret }) };
    const answer = await onOwnConnections(() =>
      http.send({
        ...{ operation, method: 'POST', path, asks: true, allow: [400, 401, 403] },
        headers: {
          ...{ 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
          ...(isBasic && { authorization: basic(encodeURIComponent(clientId), encodeURIComponent(clientSecret)) }),
        },
        body: new URLSearchParams({ ...form, ...inForm }).toString(),
      }),
    );
    const { status, text, providerTime } = answer;
    const refusal = readAs(Refusal, text);
    if (refusal && passing.includes(refusal.error)) throw new OutsideError(host, operation, { code: refusal.error });
    const error = status === 200 && readAs(Issued, text) ? null : refusal?.error;
    return { status, error, isClientRefused: refusal !== undefined && isAboutClient(refusal), providerTime };
  }

  return {
    send,
    texts: { ...fewLogins, name: host, request, welcome: '200' },
    undecided: ({ status, error }: TokenAnswer) => undecided(request, `${status}${error ? ` (${error})` : ''}`),
  };
}

const passing: readonly string[] = ['temporarily_unavailable', 'server_error'];

/**
 * Whether a refusal is about the secret of the client. RFC 6749 says invalid_client. Keycloak says unauthorized_client, with a
 * description; without it that code means that a client may not use the grant.
 */
function isAboutClient({ error, error_description: description = '' }: z.output<typeof Refusal>): boolean {
  return (
    error === 'invalid_client' ||
    (error === 'unauthorized_client' && description === 'Invalid client or Invalid client credentials')
  );
}
