import { SignJWT } from 'jose';
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import {
  type DocumentEngineLab,
  type DocumentEngineLabOptions,
  documentEngineRoutes,
  newKeyPair,
  startDocumentEngineLab,
} from '../../src/lab/document-engine/server.js';
import { createState, type JwtAlgorithm, usualBehavior } from '../../src/lab/document-engine/state.js';
import { readDescription } from './schema.js';

let lab: DocumentEngineLab;
const later = '2199-01-01T12:00:00.000001Z';
const past = '2001-01-01T12:00:00.000000Z';

async function begin(options: DocumentEngineLabOptions = {}): Promise<void> {
  await lab?.stop();
  lab = await startDocumentEngineLab({ algorithm: 'ES256', ...options });
}
beforeEach(() => begin());
afterAll(() => lab.stop());

async function call(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  { body, token = lab.apiToken }: { body?: object; token?: string } = {},
) {
  const { statusCode, body: answer } = await request(`${lab.url}${path}`, {
    method,
    headers: { authorization: `Token token="${token}"`, 'content-type': 'application/json' },
    body: body ? JSON.stringify(body) : null,
  });
  return { status: statusCode, text: await answer.text() };
}
const add = (secret: string, expiresAt: string | undefined = later) =>
  call('POST', '/api/secrets/jwt', { body: { secret, expiresAt } });
const rotate = (secret: string) => call('POST', '/api/secrets/jwt/rotate', { body: { secret } });

async function build(
  privateKey: string | null,
  exp: number | null = Math.floor(Date.now() / 1000) + 60,
  alg = lab.algorithm,
) {
  const jwt = new SignJWT({ ...(exp !== null && { exp }) }).setProtectedHeader({ alg });
  const authorization =
    privateKey === null ? {} : { authorization: `Bearer ${await jwt.sign(createPrivateKey(privateKey))}` };
  const { statusCode, body } = await request(`${lab.url}/api/build`, {
    method: 'POST',
    headers: { ...authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ parts: [{ page: 'new' }] }),
  });
  return { status: statusCode, text: await body.text() };
}

it('lets nobody in without the API token', async () => {
  for (const [method, path] of [
    ['GET', '/api/secrets/jwt'],
    ['POST', '/api/secrets/jwt'],
    ['POST', '/api/secrets/jwt/rotate'],
  ] as const)
    expect(await call(method, path, { token: 'another' })).toEqual({ status: 403, text: '' });
});

it('lists ids and expiries of what has not expired, and never a value', async () => {
  const { publicKey } = newKeyPair('ES256');
  await add(publicKey);
  await add(newKeyPair('ES256').publicKey, past);

  const { text } = await call('GET', '/api/secrets/jwt');

  expect(JSON.parse(text)).toEqual([
    { id: 1, expiresAt: null },
    { id: 2, expiresAt: later },
  ]);
});

it('tells nothing when it adds, and wants an expiry', async () => {
  expect(await add(newKeyPair('ES256').publicKey)).toEqual({ status: 200, text: '' });
  expect((await call('POST', '/api/secrets/jwt', { body: { secret: newKeyPair('ES256').publicKey } })).status).toBe(
    400,
  );
  expect((await add('no key')).status).toBe(400);
});

it.each(['RS256', 'RS512', 'ES256', 'ES512'] as const)(
  'takes a %s token under any key that is valid',
  async (algorithm: JwtAlgorithm) => {
    await begin({ algorithm });
    const other = newKeyPair(algorithm);

    expect((await build(lab.privateKey)).status).toBe(200);
    expect((await build(other.privateKey)).status).toBe(403);

    await add(other.publicKey);

    expect((await build(other.privateKey)).status).toBe(200);
    expect((await build(lab.privateKey)).status).toBe(200);
  },
);

it('refuses a token that has passed, one without an end, and none at all', async () => {
  const expired = await build(lab.privateKey, Math.floor(Date.now() / 1000) - 60);

  expect(expired.status).toBe(403);
  expect(expired.text).toContain('`exp`');
  expect((await build(lab.privateKey, null)).status).toBe(403);
  expect((await build(null)).status).toBe(401);
});

it.each([
  ['drops', 403, 1],
  ['keeps', 200, 2],
  ['in-place', 403, 1],
] as const)('rotates: it %s the former key', async (behavior, status, listed) => {
  await begin({ behavior: { rotate: behavior } });
  const next = newKeyPair('ES256');

  await rotate(next.publicKey);

  expect((await build(next.privateKey)).status).toBe(200);
  expect((await build(lab.privateKey)).status).toBe(status);
  expect(lab.secrets('jwt')).toHaveLength(listed);
  expect(lab.secrets('jwt').filter(({ expiresAt }) => expiresAt === null)).toHaveLength(1);
});

it('changes an expiry by the one method it has, and never that of the current secret', async () => {
  await begin({ behavior: { change: 'POST', otherChange: 404 } });
  await add(newKeyPair('ES256').publicKey);

  expect((await call('PATCH', '/api/secrets/jwt/2', { body: { expiresAt: past } })).status).toBe(404);
  expect((await call('POST', '/api/secrets/jwt/1', { body: { expiresAt: past } })).status).toBe(400);
  expect((await call('POST', '/api/secrets/jwt/2', { body: { expiresAt: past } })).status).toBe(200);
  expect(lab.secrets('jwt')).toHaveLength(1);
  expect((await call('POST', '/api/secrets/jwt/2', { body: { expiresAt: later } })).status).toBe(404);
});

it('may refuse a value it has, and an expiry in the past', async () => {
  await begin({ behavior: { duplicates: 'refused', pastExpiry: 'refused' } });
  const next = newKeyPair('ES256');

  expect((await add(lab.environment.jwt)).status).toBe(400);
  expect((await add(next.publicKey, past)).status).toBe(400);
  await add(next.publicKey);
  await rotate(next.publicKey);

  expect(lab.secrets('jwt')).toEqual([{ id: 2, expiresAt: null }]);
});

it.each([
  [true, 'brings back the environment'],
  [false, 'keeps what the API has set'],
])('after a restart with REPLACE_SECRETS_FROM_ENV=%s it %s', async (replaceSecretsFromEnv) => {
  await begin({ replaceSecretsFromEnv });
  const next = newKeyPair('ES256');
  await rotate(next.publicKey);

  lab.restart();

  expect(lab.values('jwt')).toEqual([replaceSecretsFromEnv ? lab.environment.jwt : next.publicKey]);
});

it('lets a person in to the dashboard with any password that is valid', async () => {
  const visit = async (password: string): Promise<number> => {
    const authorization = `Basic ${Buffer.from(`${lab.dashboardUsername}:${password}`).toString('base64')}`;
    return (await request(`${lab.url}/dashboard`, { headers: { authorization } })).statusCode;
  };

  expect(await visit(lab.environment.dashboard_password)).toBe(200);
  expect(await visit('another')).toBe(401);
});

const folder = process.env.KEYTURN_VENDOR_SPECS;

if (folder === undefined) {
  it('is not held against the vendor’s description, because KEYTURN_VENDOR_SPECS names no folder that has it', () => {
    console.log('KEYTURN_VENDOR_SPECS is not set: the Document Engine lab was not held against document-engine.yaml');
  });
} else {
  it('serves only calls the vendor describes, but for the pages for people and the method of the guide', async () => {
    const { paths } = readDescription(await readFile(join(folder, 'document-engine.yaml'), 'utf8'));
    const unnamed = (path: string): string => path.replace(/\{\w+\}/g, '{}');
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${unnamed(path)}`),
    );
    const environment = { replaceSecrets: false, secrets: lab.environment };
    const state = createState({ clock: Date.now, algorithm: 'ES256', behavior: usualBehavior, environment });

    const routes = Object.keys(documentEngineRoutes(state, { apiToken: 'a', username: 'b', behavior: usualBehavior }));

    expect(routes.map(unnamed).filter((route) => !described.includes(route))).toEqual([
      'GET /healthcheck',
      'GET /dashboard',
      'POST /i/d/{}/auth',
      'GET /i/d/{}/h/{}/document.json',
      'GET /api/upstream.yml',
      'PATCH /api/secrets/{}/{}',
    ]);
  });

  it('answers documents in the described shapes', async () => {
    const description = readDescription(await readFile(join(folder, 'document-engine.yaml'), 'utf8'));
    const form = new FormData();
    form.set('file', new File(['%PDF-1.4\n<< /Type /Page >>'], 'a.pdf'));
    form.set('document_id', 'ours');
    const headers = { authorization: `Token token="${lab.apiToken}"` };

    const response = await fetch(`${lab.url}/api/documents`, { method: 'POST', headers, body: form });
    const created = (await response.json()) as { data: unknown };
    const { text } = await call('GET', '/api/documents/ours/document_info');

    expect(description.problems(created.data, 'DocumentCreated')).toEqual([]);
    expect(description.problems((JSON.parse(text) as { data: unknown }).data, 'DocumentInfo')).toEqual([]);
    expect((await call('DELETE', '/api/documents/ours')).status).toBe(200);
    expect((await call('DELETE', '/api/documents/ours')).status).toBe(404);
  });
}

it('knows of a rotation that another one displaced on its way, which no look could have shown', async () => {
  const [theirs, ours, last] = Array.from({ length: 3 }, () => newKeyPair('ES256').publicKey) as [
    string,
    string,
    string,
  ];
  lab.rotateByHand('jwt', theirs);
  await rotate(ours);
  expect(lab.crossed('jwt')).toEqual([theirs]);

  lab.rotateByHand('jwt', last);
  await call('GET', '/api/secrets/jwt');
  await rotate(newKeyPair('ES256').publicKey);

  expect(lab.crossed('jwt')).not.toContain(last);
});
