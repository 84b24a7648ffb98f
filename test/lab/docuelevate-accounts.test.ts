import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { call } from './call.js';
import { visit, type Visitor } from './docuelevate-visitor.js';

let lab: DocuElevateLab;
let admin: Visitor;

beforeEach(async () => {
  lab = await startDocuElevateLab({ database: 'postgresql' });
  lab.setEnvironment('multi_user_enabled', 'true');
  lab.restartApi();
  admin = visit(lab);
  await admin.login();
});
afterEach(() => lab.stop());

const mia = { username: 'mia', email: 'mia@example.test', password: 'a good password', is_admin: true };
const local = '/api/admin/users/local';
const secrets = '/api/settings/credentials';

async function signedIn(): Promise<Visitor> {
  await admin.send('POST', local, { json: mia });
  const visitor = visit(lab);
  await visitor.login(mia.password, 'MIA');
  return visitor;
}
const whoami = (token: string) => call(`${lab.url}/api/auth/whoami`, { headers: { authorization: `Bearer ${token}` } });

describe('a local user', () => {
  it('may not sign in with one user only', async () => {
    await admin.send('POST', local, { json: mia });
    lab.setEnvironment('multi_user_enabled', null);
    lab.restartApi();

    expect(await visit(lab).login(mia.password, 'mia')).toContain('error');
  });

  it('who is not active cannot sign in, until a password is set', async () => {
    await signedIn();

    await admin.send('PATCH', `${local}/1`, { json: { is_active: false } });
    expect(await visit(lab).login(mia.password, 'mia')).toMatch(/verify/);
    await admin.send('POST', `${local}/1/set-password`, { json: { password: 'another password' } });

    expect(await visit(lab).login(mia.password, 'mia')).toMatch(/Invalid/);
    expect(await visit(lab).login('another password', 'mia@example.test')).toBe('/onboarding');
  });

  it('goes on by cookie and token after the account is deleted', async () => {
    const visitor = await signedIn();
    const token = (await visitor.send('POST', '/api/api-tokens/', { json: { name: 'x' } })).string('token');

    await admin.send('DELETE', `${local}/1`);

    expect((await visitor.get(secrets)).status).toBe(200);
    expect((await whoami(token)).json).toMatchObject({ id: 'mia@example.test', is_admin: false });
  });
});

describe('logging off everywhere', () => {
  it('ends the other sessions and every token, as soon as somebody asks', async () => {
    const [first, second] = [await signedIn(), visit(lab)];
    await second.login(mia.password, 'mia');
    const token = (await first.send('POST', '/api/api-tokens/', { json: { name: 'x' } })).string('token');

    const answer = await second.send('POST', '/api/sessions/revoke-all');

    expect(answer.at('revoked_count')).toBe(1);
    expect((await whoami(token)).status).toBe(401);
    expect((await first.get(secrets)).status).toBe(200);
    expect((await first.get('/api/auth/whoami')).json).toEqual({ error: 'Not authenticated' });
    expect((await first.get(secrets)).status).toBe(403);
    expect((await second.get('/api/auth/whoami')).at('preferred_username')).toBe('mia');
  });

  it('is in the audit log under the e-mail address, and failures under the name that was typed', async () => {
    const visitor = await signedIn();
    await visit(lab).login('wrong', 'mia');
    await visitor.send('POST', '/api/sessions/revoke-all');

    const events = (await visitor.get('/api/audit-logs?severity=warning')).list('items');

    expect(events).toMatchObject([
      { action: 'revoke_all_sessions', user: 'mia@example.test' },
      { action: 'login.failure', user: 'mia', details: { reason: 'wrong_password' } },
    ]);
  });
});

it('shows what is somebody’s to nobody else', async () => {
  const visitor = await signedIn();
  const place = { direction: 'DESTINATION', integration_type: 'S3', name: 'x', credentials: { key: 'k' } };
  const box = { name: 'x', host: 'mail.example.test', username: 'u', password: 'p' };
  await visitor.send('POST', '/api/integrations/', { json: place });
  await visitor.send('POST', '/api/imap-accounts/', { json: box });

  const places = ['integrations', 'imap-accounts', 'api-tokens'];
  const seen = await Promise.all(places.map(async (each) => (await admin.get(`/api/${each}/1`)).status));
  const text = (await visitor.get('/api/integrations/')).text + (await visitor.get('/api/imap-accounts/')).text;

  expect(seen).toEqual([404, 404, 404]);
  expect(text).toContain('"has_credentials":true');
  expect(text).not.toMatch(/"password"|"key"/);
});

it('gives the time of a token and of a session with a Z on PostgreSQL', async () => {
  const visitor = await signedIn();

  const token = await visitor.send('POST', '/api/api-tokens/', { json: { name: 'x', expires_in_days: 1 } });
  const sessions = await visitor.get('/api/sessions/');

  expect(token.at('expires_at')).toMatch(/\.\d{6}Z$/);
  expect(sessions.at('sessions', 0, 'expires_at')).toMatch(/\.\d{6}Z$/);
});
