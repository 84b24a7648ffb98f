import { type AzureLab, type AzureLabApp, type AzureLabOptions, startAzureLab } from '../../src/lab/azure/server.js';
import { call, type Reply } from './call.js';

let now: number;
let lab: AzureLab;

async function start(options: AzureLabOptions = {}): Promise<void> {
  lab = await startAzureLab({ clock: () => now, ...options });
}
beforeEach(async () => {
  now = Date.UTC(2031, 0, 1);
  await start();
});
afterEach(() => lab.stop());

const fields = ({ clientId, secret }: AzureLabApp) => ({
  grant_type: 'client_credentials',
  client_id: clientId,
  client_secret: secret,
  scope: 'https://management.azure.com/.default',
});
const signIn = (change: Record<string, string> = {}, tenant = lab.tenant): Promise<Reply> =>
  call(`${lab.url}/${tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...fields(lab.app), ...change }),
  });
const tokenOf = async (app = lab.app): Promise<string> => (await signIn(fields(app))).string('access_token');

async function manage(method: string, path: string, { token, body, version = '2025-09-01' }: Management = {}) {
  return call(`${lab.url}${lab.account}${path}?api-version=${version}`, {
    method,
    headers: { authorization: `Bearer ${token ?? (await tokenOf())}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
}
interface Management {
  readonly token?: string;
  readonly body?: unknown;
  readonly version?: string;
}
const regenerate = (keyName: string): Promise<Reply> => manage('POST', '/regenerateKey', { body: { keyName } });
const info = (key: string, path = 'documentintelligence', version = '2024-11-30'): Promise<Reply> =>
  call(`${lab.url}/${path}/info?api-version=${version}`, { headers: { 'ocp-apim-subscription-key': key } });

describe('signing in', () => {
  it('gives a token for an hour to an application with its secret', async () => {
    const reply = await signIn();

    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({ token_type: 'Bearer', expires_in: 3599 });
  });

  it.each([
    ['a wrong secret', { client_secret: 'nonsense' }, 401, 'invalid_client'],
    ['an unknown application', { client_id: 'nobody' }, 400, 'unauthorized_client'],
    ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['a scope without /.default', { scope: 'https://management.azure.com/' }, 400, 'invalid_scope'],
  ])('is refused with %s', async (_, change, status, error) => {
    const reply = await signIn(change);

    expect([reply.status, reply.at('error')]).toEqual([status, error]);
  });

  it('is refused in another tenant', async () => {
    expect((await signIn({}, 'elsewhere')).at('error')).toBe('invalid_request');
  });
});

describe('an account', () => {
  it('has exactly two keys, which both work, and which only a POST shows', async () => {
    const [get, post] = [await manage('GET', '/listKeys'), await manage('POST', '/listKeys')];

    expect(get.status).toBe(405);
    expect(post.json).toEqual({ key1: lab.inSlot('Key1'), key2: lab.inSlot('Key2') });
    for (const key of [post.string('key1'), post.string('key2')]) expect((await info(key)).status).toBe(200);
  });

  it('regenerates one of them, each time anew, and at once the earlier value is refused', async () => {
    const [key1, key2] = [lab.inSlot('Key1'), lab.inSlot('Key2')];

    const first = await regenerate('Key2');
    const second = await regenerate('Key2');

    expect([first.at('key1'), second.at('key1')]).toEqual([key1, key1]);
    expect(new Set([key2, first.at('key2'), second.at('key2')]).size).toBe(3);
    expect((await info(key2)).status).toBe(401);
    expect((await info(first.string('key2'))).status).toBe(401);
    expect((await info(second.string('key2'))).status).toBe(200);
  });

  it('has no third key', async () => {
    for (const name of ['key1', 'Key3', '']) expect((await regenerate(name)).status).toBe(400);
  });

  it('may be slow to know a new key and to forget an old one', async () => {
    await lab.stop();
    await start({ propagationMs: 5000, deletionLagMs: 8000 });
    const old = lab.inSlot('Key1');
    const made = (await regenerate('Key1')).string('key1');

    expect([lab.works(old), lab.works(made)]).toEqual([true, false]);
    now += 6000;
    expect([lab.works(old), lab.works(made)]).toEqual([true, true]);
    now += 6000;
    expect([lab.works(old), lab.works(made)]).toEqual([false, true]);
  });

  it('lets Cognitive Services User list keys and not regenerate them', async () => {
    const token = await tokenOf(lab.readOnlyApp);

    expect((await manage('POST', '/listKeys', { token })).status).toBe(200);
    const refused = await manage('POST', '/regenerateKey', { token, body: { keyName: 'Key1' } });

    expect([refused.status, refused.at('error', 'code')]).toEqual([403, 'AuthorizationFailed']);
  });

  it('takes no token that is over or was never given out, and no other api-version', async () => {
    const token = await tokenOf();
    now += 3600_000;

    expect((await manage('POST', '/listKeys', { token })).at('error', 'code')).toBe('ExpiredAuthenticationToken');
    expect((await manage('POST', '/listKeys', { token: 'x' })).status).toBe(401);
    expect((await manage('POST', '/listKeys', { version: '2020-01-01' })).at('error', 'code')).toBe(
      'NoRegisteredProviderFound',
    );
  });
});

describe('the data plane', () => {
  it('has a path for each api-version, and finds nothing under the wrong pair, whatever the key', async () => {
    const key = lab.inSlot('Key1');

    expect((await info(key, 'formrecognizer', '2023-07-31')).status).toBe(200);
    expect((await info(key, 'documentintelligence', '2023-07-31')).status).toBe(404);
    expect((await info('nonsense', 'formrecognizer', '2024-11-30')).status).toBe(404);
  });

  it('takes the keys of other accounts of the region', async () => {
    expect((await info(lab.neighborsKey)).status).toBe(200);
  });

  it('takes no keys at all once they are switched off', async () => {
    lab.disableKeys();

    expect((await info(lab.inSlot('Key1'))).at('error', 'code')).toBe('AuthenticationTypeDisabled');
  });
});
