import { type OAuthLab, type OAuthLabOptions, type OAuthVendor, startOAuthLab } from '../../../src/lab/oauth/server.js';
import { randomValue } from '../bench.js';
import { ask, everythingSaid } from './fixture.js';

const secret = randomValue();
let lab: OAuthLab;
afterEach(() => lab.stop());
const start = async (options: OAuthLabOptions = {}): Promise<void> =>
  void (lab = await startOAuthLab({ password: secret, ...options }));
const outcomes = (): string[] => lab.logins.map(({ outcome }) => outcome);

describe('the secret of a client', () => {
  const at = (more = {}) => ({
    ...{
      protocol: 'oauth-client-secret',
      tokenUrl: lab.tokenUrl,
      clientId: lab.username,
      redirectUri: lab.redirectUri,
    },
    ...more,
  });

  it.each<[OAuthVendor, string, string]>([
    ['rfc', 'refresh-token', 'body'],
    ['rfc', 'authorization-code', 'body'],
    ['rfc', 'client-credentials', 'basic'],
    ['keycloak', 'refresh-token', 'basic'],
    ['keycloak', 'authorization-code', 'body'],
    ['keycloak', 'client-credentials', 'body'],
    ['authentik', 'refresh-token', 'body'],
    ['authentik', 'authorization-code', 'body'],
  ])(
    'is told right from wrong by %s with the grant %s and the secret in the %s',
    async (vendor, grant, clientAuthentication) => {
      await start({ vendor });
      const section = at({ grant, clientAuthentication });

      expect([await ask(section, secret), await ask(section, randomValue())]).toEqual(['accepted', 'refused']);
    },
  );

  it('is compared with a made-up one before an endpoint that refuses the grant counts as one that accepts the secret', async () => {
    await start();

    await ask(at(), secret);

    expect(outcomes()).toEqual(['accepted', 'refused']);
    await ask(at(), randomValue());
    expect(outcomes()).toEqual(['accepted', 'refused', 'refused']);
  });

  it('is not decided by an endpoint that looks at the token first; a true token decides', async () => {
    await start({ vendor: 'token-first' });
    const [token = ''] = lab.refreshTokens;
    const withToken = at({ refreshToken: { env: 'TOKEN' } });
    const resolve = async (): Promise<string> => token;

    expect(await ask(at(), secret)).toContain('looks at the refresh token before the secret');
    expect(await ask(at(), randomValue())).toContain('looks at the refresh token before the secret');
    expect([await ask(withToken, secret, resolve), await ask(withToken, randomValue(), resolve)]).toEqual([
      ...['accepted', 'refused'],
    ]);
  });

  it('is not decided by authentik at client credentials, where a wrong one has another code', async () => {
    await start({ vendor: 'authentik' });

    expect(await ask(at({ grant: 'client-credentials' }), randomValue())).toContain('answered 400 (invalid_grant)');
  });

  it('is not refused because the client may not use the grant', async () => {
    await start({ vendor: 'keycloak', grantsCredentials: false });

    expect(await ask(at({ grant: 'client-credentials' }), secret)).toContain('answered 401 (unauthorized_client)');
  });

  it('is asked again later where the endpoint limits or fails', async () => {
    await start({ lockAfter: 1 });
    await ask(at(), randomValue());
    await expect(ask(at(), secret)).rejects.toThrow('answered 429');
    lab.isLocked = false;
    const busy = { status: 400, body: '{"error":"temporarily_unavailable"}' };
    lab.faults.add({ method: 'POST', path: '*', kind: busy });
    await expect(ask(at(), secret)).rejects.toThrow('temporarily_unavailable');
    lab.faults.add({ method: 'POST', path: '*', kind: 'reset-before' });
    await expect(ask(at(), secret)).rejects.toThrow('no usable answer');

    expect(await ask(at(), secret)).toBe('accepted');
  });

  it('is not judged by what something in between says', async () => {
    await start();
    lab.faults.add({ method: 'POST', path: '*', kind: { status: 401, body: '<html>sign in first</html>' } });
    await expect(ask(at(), secret)).rejects.toThrow('something in between');
    lab.faults.add({ method: 'POST', path: '*', kind: { status: 401, body: 'not JSON' } });
    expect(await ask(at(), secret)).toMatch(/^cannot tell: .* answered 401,/);
  });

  it('is named nowhere, whatever happens', async () => {
    await start();
    const said: string[] = [];
    for (const body of [`{"error":"${secret}"}`, `{"error":"invalid_scope","error_description":"${secret}"}`, secret]) {
      lab.faults.add({ method: 'POST', path: '*', kind: { status: 400, body } });
      said.push(await everythingSaid(at(), secret));
    }

    expect(said.join('\n')).toContain('invalid_scope');
    expect(said.join('\n')).not.toContain(secret);
  });
});

describe('a refresh token', () => {
  const resolve = async (): Promise<string> => secret;
  const at = () => ({
    ...{
      protocol: 'oauth-refresh-token',
      tokenUrl: lab.tokenUrl,
      clientId: lab.username,
      clientSecret: { env: 'SECRET' },
    },
  });

  it('is told right from revoked, with one request each', async () => {
    await start();
    const [token = ''] = lab.refreshTokens;
    expect(await ask(at(), token, resolve)).toBe('accepted');

    lab.refreshTokens.delete(token);

    expect(await ask(at(), token, resolve)).toBe('refused');
    expect(outcomes()).toEqual(['accepted', 'accepted']);
  });

  it.each<OAuthVendor>(['rfc', 'keycloak'])(
    'is not refused because the secret of the client is wrong (%s)',
    async (vendor) => {
      await start({ vendor });
      const [token = ''] = lab.refreshTokens;

      expect(await ask(at(), token, async () => randomValue())).toMatch(/^cannot tell: .* answered 401 \(\w+_client\)/);
    },
  );

  it('ends by the question where a use replaces it: such a server must not be asked this way', async () => {
    await start({ replacesRefreshTokens: true });
    const [token = ''] = lab.refreshTokens;

    expect([await ask(at(), token, resolve), await ask(at(), token, resolve)]).toEqual(['accepted', 'refused']);
  });
});
