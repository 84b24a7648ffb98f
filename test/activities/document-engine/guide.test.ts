import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DocumentEngineClient } from '../../../activities/document-engine/client.js';
import { endpoints } from '../../../activities/document-engine/requests.js';
import { runDirectly } from '../../../activities/shared/scope.js';
import { readDescription } from '../../lab/schema.js';
import { connectionTo } from './fixture.js';

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: { readonly authorization: string | undefined; readonly 'content-type': string | undefined };
  readonly body: unknown;
}

const token = randomBytes(12).toString('hex');
const list = [
  { id: 1, expiresAt: null },
  { id: 2, expiresAt: '2023-01-01T12:00:00.000000Z' },
];
let server: Server;
let seen: Seen[];
let client: DocumentEngineClient;

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { authorization, 'content-type': type } = request.headers;
      const body: unknown = text === '' ? null : JSON.parse(text);
      const headers = { authorization, 'content-type': type };
      seen.push({ method: request.method, path: request.url, headers, body });
      response.end(request.method === 'GET' ? JSON.stringify(list) : '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => server.close());
beforeEach(() => {
  seen = [];
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new DocumentEngineClient(connectionTo({ url, apiToken: token }), new Set());
});

const direct = <T>(work: () => Promise<T>): Promise<T> => runDirectly({ workflowId: 'test', runId: '1' }, work);
const authorization = `Token token="${token}"`;
const json = { authorization, 'content-type': 'application/json' };
const expiresAt = '2023-01-01T12:00:00.000000Z';

it('adds a secret as the guide shows', async () => {
  expect(await direct(() => client.add('my new secret string', expiresAt))).toBe(true);

  const body = { secret: 'my new secret string', expiresAt };
  expect(seen).toEqual([{ method: 'POST', path: '/api/secrets/jwt', headers: json, body }]);
});

it('lists secrets as the guide shows', async () => {
  expect(await direct(() => client.secrets())).toEqual(list);

  const headers = { authorization, 'content-type': undefined };
  expect(seen).toEqual([{ method: 'GET', path: '/api/secrets/jwt', headers, body: null }]);
});

it('rotates a secret as the guide shows', async () => {
  await direct(() => client.rotate('my new secret string'));

  const body = { secret: 'my new secret string' };
  expect(seen).toEqual([{ method: 'POST', path: '/api/secrets/jwt/rotate', headers: json, body }]);
});

it('expires a secret as the guide shows', async () => {
  expect(await direct(() => client.changeExpiry(2, expiresAt))).toBe('changed');

  expect(seen).toEqual([{ method: 'PATCH', path: '/api/secrets/jwt/2', headers: json, body: { expiresAt } }]);
});

const folder = process.env.KEYTURN_VENDOR_SPECS;

if (folder === undefined) {
  it('is not held against the vendor’s description, because KEYTURN_VENDOR_SPECS names no folder that has it', () => {
    console.log(
      'KEYTURN_VENDOR_SPECS is not set: our Document Engine client was not held against document-engine.yaml',
    );
  });
} else {
  it('makes only requests that the vendor describes, but for pages for people and the method of the guide', async () => {
    const { paths } = readDescription(await readFile(join(folder, 'document-engine.yaml'), 'utf8'));
    const unnamed = (path: string): string => path.replace(/\{\w+\}/g, '{}');
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${unnamed(path)}`),
    );

    const ours = Object.values(endpoints)
      .filter(({ system }) => system === 'document-engine')
      .map(({ method, path }) => `${method} ${unnamed(path)}`);

    expect(ours.filter((request) => !described.includes(request))).toEqual([
      'PATCH /api/secrets/{}/{}',
      'GET /healthcheck',
      'GET /dashboard',
      'GET /api/upstream.yml',
      'POST /i/d/{}/auth',
      'GET /i/d/{}/h/{}/document.json',
    ]);
  });
}
