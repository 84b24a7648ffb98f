import { setTimeout as delay } from 'node:timers/promises';
import { createPrivateKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { type Dispatcher, request } from 'undici';
import {
  type DocumentEngineLab,
  type DocumentEngineLabOptions,
  newKeyPair,
  startDocumentEngineLab,
} from '../../src/lab/document-engine/server.js';

// Requests as clients make them that know nothing of Keyturn: the vendor's MCP client, Helm chart, examples and viewer, and notes of what was
// asked of a real 1.18.1. Their shapes are told here, none of their code.

let lab: DocumentEngineLab;
const later = '2199-01-01T12:00:00.000001Z';

async function begin(options: DocumentEngineLabOptions = {}): Promise<void> {
  await lab?.stop();
  lab = await startDocumentEngineLab({ algorithm: 'ES256', ...options });
}
beforeEach(() => begin());
afterAll(() => lab.stop());

interface Call {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

async function call(method: Dispatcher.HttpMethod, path: string, { headers = {}, body }: Call = {}) {
  const answer = await request(`${lab.url}${path}`, { method, headers, body: body ?? null });
  const text = await answer.body.text();
  const isJson = String(answer.headers['content-type']).includes('json');
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    json: isJson ? (JSON.parse(text) as unknown) : null,
  };
}
const json = (body: object, headers: Readonly<Record<string, string>> = {}): Call => ({
  headers: { ...headers, 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const unquoted = () => ({ authorization: `Token token=${lab.apiToken}` });
const sign = (privateKey: string, claims: Record<string, unknown> = {}) =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ alg: lab.algorithm })
    .setExpirationTime('5 minutes')
    .sign(createPrivateKey(privateKey));

describe('the API token', () => {
  it.each(['Token token="…"', 'Token token=…', 'Bearer …'])('is taken as %s', async (form) => {
    const headers = { authorization: form.replace('…', lab.apiToken) };

    expect((await call('GET', '/api/secrets/jwt', { headers })).status).toBe(200);
  });

  it('is missed with 401, and refused with 403 and nothing in it when it is a wrong one', async () => {
    const wrong = { authorization: 'Token token=another' };

    expect((await call('GET', '/api/documents')).status).toBe(401);
    expect(await call('GET', '/api/documents', { headers: wrong })).toMatchObject({ status: 403, text: '' });
    expect(await call('POST', '/api/build', { headers: wrong })).toMatchObject({ status: 403, text: '' });
  });
});

it('says on every answer which release it is', async () => {
  for (const path of ['/healthcheck', '/api/documents', '/nowhere'])
    expect((await call('GET', path)).headers['server']).toBe('Document Engine/1.18.1');
});

it('gives out its own description, from which the MCP client makes its tools', async () => {
  const { status, text } = await call('GET', '/api/upstream.yml', { headers: unquoted() });

  expect(status).toBe(200);
  expect(text).toContain('/api/secrets/{secretType}/rotate');
});

describe('a document', () => {
  const pdf = Buffer.from('%PDF-1.7\n<< /Type /Page >>\n%%EOF\n');
  const instructions = { parts: [{ page: 'new' }] };

  async function formWith(part: string): Promise<Call> {
    const form = new FormData();
    form.set('instructions', JSON.stringify({ parts: [{ file: part }] }));
    form.set(part, new File([new Uint8Array(pdf)], 'a.pdf'));
    const encoded = new Response(form);
    const headers = { 'content-type': encoded.headers.get('content-type') ?? '' };
    return { headers, body: Buffer.from(await encoded.arrayBuffer()) };
  }

  it.each([
    ['a PDF as the body', () => ({ headers: { 'content-type': 'application/pdf' }, body: pdf })],
    ['instructions as JSON', () => json({ instructions })],
    ['a form with instructions and a part of any name', () => formWith('my-document')],
  ])('is taken as %s, and listed', async (_, upload: () => Call | Promise<Call>) => {
    const { headers, ...content } = await upload();

    const made = await call('POST', '/api/documents', { ...content, headers: { ...headers, ...unquoted() } });
    const listed = await call('GET', '/api/documents', { headers: unquoted() });

    expect(made.status).toBe(200);
    expect(listed.json).toMatchObject({ document_count: 2, next_cursor: null });
  });

  it('is built of instructions, as JSON and in a form', async () => {
    const { headers, ...content } = await formWith('document');

    expect((await call('POST', '/api/build', json(instructions, unquoted()))).status).toBe(200);
    const form = { ...content, headers: { ...headers, ...unquoted() } };
    expect((await call('POST', '/api/build', form)).status).toBe(200);
    expect((await call('POST', '/api/build', json({ parts: [] }, unquoted()))).status).toBe(400);
  });
});

describe('a viewer', () => {
  const claims = { document_id: 'sample', permissions: ['read-document'] };
  const swap = async (jwt: string) => call('POST', '/i/d/sample/auth', json({ jwt }));

  it('swaps its token for a session, and shows the document with that', async () => {
    const { json: session } = await swap(await sign(lab.privateKey, claims));
    const { token, layerHandle } = session as { token: string; layerHandle: string };

    const path = `/i/d/sample/h/${layerHandle}/document.json`;
    expect((await call('GET', path, { headers: { 'x-pspdfkit-token': token } })).status).toBe(200);
    expect((await call('GET', path)).status).toBe(401);
  });

  it.each([
    ['of another key', () => sign(newKeyPair('ES256').privateKey, claims), 'invalid_token'],
    [
      'for another document',
      () => sign(lab.privateKey, { ...claims, document_id: 'another' }),
      'insufficient_permissions',
    ],
    ['without permissions', () => sign(lab.privateKey, { document_id: 'sample' }), 'insufficient_permissions'],
  ])('is told why it is not let in with a token %s', async (_, token, reason) => {
    expect((await swap(await token())).json).toEqual({ reason });
  });

  it.each([
    ['go-on', 200],
    ['end', 401],
  ] as const)('has a session that may outlive its key: it %ss', async (sessions, status) => {
    await begin({ behavior: { sessions } });
    const { json: session } = await swap(await sign(lab.privateKey, claims));
    const { token, layerHandle } = session as { token: string; layerHandle: string };

    lab.rotateByHand('jwt', newKeyPair('ES256').publicKey);

    const path = `/i/d/sample/h/${layerHandle}/document.json`;
    expect((await call('GET', path, { headers: { 'x-pspdfkit-token': token } })).status).toBe(status);
  });

  it('loses its session with its token, where that has an id', async () => {
    const jwt = await sign(lab.privateKey, { ...claims, jti: randomUUID() });
    const { json: session } = await swap(jwt);
    const { token, layerHandle } = session as { token: string; layerHandle: string };

    expect((await call('POST', '/api/revoke', json({ jwts: [jwt] }, unquoted()))).status).toBe(200);

    const path = `/i/d/sample/h/${layerHandle}/document.json`;
    expect((await call('GET', path, { headers: { 'x-pspdfkit-token': token } })).status).toBe(401);
  });
});

describe('secrets', () => {
  const add = (secret: string, expiresAt = later, type = 'jwt') =>
    call('POST', `/api/secrets/${type}`, json({ secret, expiresAt }, unquoted()));

  it('take an expiry in any zone, and a base of any length', async () => {
    expect((await add(newKeyPair('ES256').publicKey, '2199-01-01T14:00:00.000001+02:00')).status).toBe(200);
    expect(lab.secrets('jwt')[1]?.expiresAt).toBe(later);
    expect((await add('secret-key-base', later, 'secret_key_base')).status).toBe(200);
  });

  it('may keep an expiry less precisely than it was given', async () => {
    await begin({ behavior: { precision: 3, zone: 'none' } });

    await add(newKeyPair('ES256').publicKey, '2199-01-01T12:00:00.123456Z');

    expect(lab.secrets('jwt')[1]?.expiresAt).toBe('2199-01-01T12:00:00.123');
  });

  it('may have none of a type: its list is empty, and nothing rotates', async () => {
    await begin({ unset: ['dashboard_password'] });

    expect((await call('GET', '/api/secrets/dashboard_password', { headers: unquoted() })).json).toEqual([]);
    const rotated = await call('POST', '/api/secrets/dashboard_password/rotate', json({ secret: 'a' }, unquoted()));
    expect(rotated.status).toBe(400);
  });

  it('come from the environment again in a new database, with ids that start again', async () => {
    lab.rotateByHand('jwt', newKeyPair('ES256').publicKey);

    lab.loseDatabase();

    expect(lab.values('jwt')).toEqual([lab.environment.jwt]);
    expect(lab.secrets('jwt')).toEqual([{ id: 1, expiresAt: null }]);
  });

  it('reach a second node later, while the list shows them at once', async () => {
    await begin({ behavior: { nodes: 2, lagMs: 300 } });
    const next = newKeyPair('ES256');
    await add(next.publicKey);
    const jwt = await sign(next.privateKey);
    const build = async (): Promise<number> =>
      (
        await request(`${lab.url}/api/build`, {
          ...{ method: 'POST', reset: true, body: JSON.stringify({ parts: [{ page: 'new' }] }) },
          headers: { authorization: `Bearer ${jwt}`, 'content-type': 'application/json' },
        })
      ).statusCode;

    expect([await build(), await build()].sort()).toEqual([200, 403]);
    await delay(350);
    expect([await build(), await build()]).toEqual([200, 200]);
  });
});

it('has no secrets and no documents without a database, and says what it needs', async () => {
  await begin({ behavior: { database: 'none' } });

  expect(await call('GET', '/api/secrets/jwt', { headers: unquoted() })).toMatchObject({
    status: 403,
    text: expect.stringContaining('required components') as string,
  });
  expect((await call('POST', '/api/build', json({ parts: [{ page: 'new' }] }, unquoted()))).status).toBe(200);
  expect((await call('GET', '/healthcheck')).status).toBe(200);
});

it('is well by its healthcheck with a dead worker', async () => {
  await begin({ behavior: { worker: 'dead' } });

  expect((await call('POST', '/api/build', json({ parts: [{ page: 'new' }] }, unquoted()))).status).toBe(500);
  expect((await call('GET', '/healthcheck')).status).toBe(200);
});

it('lets an address in with no password after too many wrong ones', async () => {
  await begin({ behavior: { dashboardFailures: 2 } });
  const visit = (password: string) => {
    const user = Buffer.from(`${lab.dashboardUsername}:${password}`).toString('base64');
    return call('GET', '/dashboard', { headers: { authorization: `Basic ${user}` } }).then(({ status }) => status);
  };

  expect([await visit('a'), await visit(lab.environment.dashboard_password), await visit('b')]).toEqual([
    401, 200, 401,
  ]);
  expect(await visit(lab.environment.dashboard_password)).toBe(429);
});
