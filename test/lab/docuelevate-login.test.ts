import { request } from 'undici';
import {
  type DocuElevateLab,
  type DocuElevateLabOptions,
  startDocuElevateLab,
} from '../../src/lab/docuelevate/server.js';
import { call } from './call.js';
import { visit, type Visitor } from './docuelevate-visitor.js';

let lab: DocuElevateLab;
let visitor: Visitor;

async function start(options: Partial<DocuElevateLabOptions> = {}): Promise<void> {
  lab = await startDocuElevateLab({ openAiBaseUrl: 'http://127.0.0.1:1/v1', ...options });
  visitor = visit(lab);
}
beforeEach(() => start());
afterEach(() => lab.stop());

const secrets = '/api/settings/credentials';

describe('logging in', () => {
  it('answers 302 for good and for bad: only the place it sends one to tells', async () => {
    expect(await visitor.login('wrong')).toBe('/login?error=Invalid+username+or+password');
    expect((await visitor.get(secrets)).status).toBe(403);
    expect(await visitor.login()).toBe('/onboarding');
    expect(await visitor.login()).toBe('/onboarding');
    expect((await visitor.get(secrets)).status).toBe(200);
  });

  it('takes the name in any case and the password to the letter', async () => {
    expect(await visitor.login(` ${lab.adminPassword}`)).toContain('error');
    expect(await visitor.login(lab.adminPassword, 'ADMIN')).toBe('/onboarding');
  });

  it('is not possible any more once the password in the database is empty', async () => {
    lab.editSetting('admin_password', '', 'somebody');

    expect(await visitor.login('')).toContain('error');
  });

  it('wants the new password as soon as it is changed, while the old session goes on', async () => {
    const old = lab.adminPassword;
    await visitor.login();

    lab.setAdminPassword('a better one');

    expect(lab.adminPassword).toBe('a better one');
    expect((await visitor.get(secrets)).status).toBe(200);
    expect(await visit(lab).login(old)).toContain('error');
    expect(await visit(lab).login('a better one')).not.toContain('error');
  });

  it('needs the token of the form', async () => {
    const fields = new URLSearchParams({ username: lab.adminUsername, password: lab.adminPassword });

    const refused = await call(`${lab.url}/auth`, { method: 'POST', body: fields });

    expect(refused.status).toBe(302);
    expect(refused.headers.get('location')).toBe('/login?error=Invalid+request');
  });
});

describe('the session', () => {
  it('is a signed cookie that anybody can read and nobody can change', async () => {
    await visitor.login();
    const [data = '', ...rest] = visitor.cookie.split('.');
    const content = JSON.parse(Buffer.from(data, 'base64').toString()) as { user: object };
    const forged = Buffer.from(JSON.stringify({ ...content, user: { is_admin: true } })).toString('base64');

    visitor.cookie = [forged, ...rest].join('.');

    expect(content.user).toMatchObject({ is_admin: true });
    expect((await visitor.get(secrets)).status).toBe(403);
  });

  it('starts with any answer, a refusal too, and is sent again only when it changes', async () => {
    const first = await visitor.get('/api/queue/stats');
    const second = await visitor.get('/api/queue/stats');

    expect(first.headers.getSetCookie()[0]).toMatch(/^session=.*; path=\/; Max-Age=2592000; HttpOnly; SameSite=lax$/);
    expect(second.headers.getSetCookie()).toEqual([]);
  });

  it('keeps its token when somebody logs in', async () => {
    await visitor.get('/login');
    const before = visitor.csrf();

    await visitor.login();

    expect(visitor.csrf()).toBe(before);
  });

  it('still reads and writes settings with its old cookie after logging out', async () => {
    await visitor.login();
    const old = visitor.cookie;

    const out = await visitor.get('/logout');

    expect(out.headers.get('location')).toMatch(/^\/login\?message=/);
    expect((await visitor.get(secrets)).status).toBe(403);
    visitor.cookie = old;
    expect((await visitor.get(secrets)).status).toBe(200);
    const me = await visitor.get('/api/auth/whoami');
    expect([me.status, me.json]).toEqual([200, { error: 'Not authenticated' }]);
  });

  it('ends when sessions are made to expire, and after thirty days', async () => {
    await visitor.login();
    lab.expireSessions();
    expect((await visitor.get(secrets)).status).toBe(403);

    await lab.stop();
    let now = Date.UTC(2030, 0, 1);
    await start({ clock: () => now });
    await visitor.login();
    now += 29 * 86_400_000;
    expect((await visitor.get(secrets)).status).toBe(200);
    now += 2 * 86_400_000;
    expect((await visitor.get(secrets)).status).toBe(403);
  });

  it('says who one is', async () => {
    expect((await visitor.get('/api/auth/whoami')).status).toBe(401);

    await visitor.login();

    expect((await visitor.get('/api/auth/whoami')).json).toMatchObject({ preferred_username: 'admin', is_admin: true });
  });
});

describe('a change', () => {
  const change = { json: { key: 'gemini_api_key', value: 'x' } };

  it('needs the session’s token, as the header', async () => {
    await visitor.login();

    const bare = await visitor.send('POST', '/api/settings/gemini_api_key', {
      ...change,
      headers: { 'x-csrf-token': '' },
    });
    const good = await visitor.send('POST', '/api/settings/gemini_api_key', change);

    expect([bare.status, bare.json]).toEqual([403, { detail: 'CSRF token missing or invalid' }]);
    expect(good.status).toBe(200);
  });

  it('gets past that with any Bearer at all, and then needs the cookie of an admin', async () => {
    const headers = { authorization: 'Bearer anything', 'x-csrf-token': '' };

    const stranger = await visitor.send('PUT', '/api/settings/gemini_api_key', { ...change, headers });
    await visitor.login();
    const admin = await visitor.send('PUT', '/api/settings/gemini_api_key', { ...change, headers });

    expect([stranger.status, stranger.json]).toEqual([403, { detail: 'Admin access required' }]);
    expect(admin.status).toBe(200);
  });

  it('is refused for want of a token before anybody asks who sends it', async () => {
    expect((await visitor.send('DELETE', '/api/settings/gemini_api_key')).json).toEqual({
      detail: 'CSRF token missing or invalid',
    });
  });
});

describe('a Bearer token', () => {
  it('is never admin, but is somebody', async () => {
    const headers = { authorization: `Bearer ${lab.apiToken}` };

    expect((await call(`${lab.url}${secrets}`, { headers })).status).toBe(403);
    expect((await call(`${lab.url}/api/files`, { headers })).status).toBe(200);
    expect((await call(`${lab.url}/api/auth/whoami`, { headers })).json).toMatchObject({ is_admin: false });
    const stranger = await call(`${lab.url}/api/files`, { headers: { authorization: 'Bearer anything' } });
    expect([stranger.status, stranger.json]).toEqual([401, { error: 'Not authenticated' }]);
  });
});

it('answers nobody who calls it by another name', async () => {
  const { statusCode, body } = await request(lab.url, { headers: { host: 'docs.example.com' } });

  expect([statusCode, await body.text()]).toEqual([400, 'Invalid host header']);
});

it('keeps an audit log of logins only', async () => {
  await visitor.login('wrong');
  await visitor.login();
  await visitor.send('POST', '/api/settings/gemini_api_key', { json: { key: 'gemini_api_key', value: 'x' } });

  const log = await visitor.get('/api/audit-logs');

  expect(log.list('items')).toMatchObject([{ action: 'login' }, { action: 'login.failure', user: 'admin' }]);
  expect((await visitor.get('/api/audit-logs?action=login')).at('total')).toBe(1);
  expect((await visitor.get('/api/audit-logs?limit=501')).status).toBe(422);
});
