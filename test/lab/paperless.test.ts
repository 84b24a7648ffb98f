import { FormData } from 'undici';
import { type PaperlessLab, type PaperlessLabOptions, startPaperlessLab } from '../../src/lab/paperless/server.js';
import { call, type Reply } from './call.js';

let lab: PaperlessLab;
let now = Date.UTC(2030, 0, 1);

async function start(options: PaperlessLabOptions = {}): Promise<void> {
  lab = await startPaperlessLab({ clock: () => now, ...options });
}
afterEach(() => lab.stop());

const ask = (method: string, path: string, headers: Record<string, string> = {}): Promise<Reply> =>
  call(lab.url + path, { method, headers });
const byToken = (token: string): Record<string, string> => ({ authorization: `Token ${token}` });
const byPassword = (): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${lab.username}:${lab.accountPassword}`).toString('base64')}`,
});
const profile = async (token: string): Promise<number> => (await ask('GET', '/api/profile/', byToken(token))).status;
function token(fields: Record<string, string> = {}): Promise<Reply> {
  const body = new URLSearchParams({ username: lab.username, password: lab.accountPassword, ...fields });
  return call(`${lab.url}/api/token/`, { method: 'POST', body });
}
async function post(value: string, content: string): Promise<string> {
  const body = new FormData();
  body.append('document', new Blob([content], { type: 'application/pdf' }), 'letter.pdf');
  const reply = await call(`${lab.url}/api/documents/post_document/`, {
    method: 'POST',
    headers: byToken(value),
    body,
  });
  return String(reply.json);
}
/** What the third look at a task finds. */
async function ended(value: string, task: string, headers: Record<string, string> = {}): Promise<Reply> {
  const look = () => ask('GET', `/api/tasks/?task_id=${task}`, { ...byToken(value), ...headers });
  await look();
  await look();
  return look();
}

it('makes one token, and answers it again and again', async () => {
  await start();
  expect(lab.token()).toBeNull();

  const first = (await token()).string('token');

  expect((await token()).at('token')).toBe(first);
  expect([lab.working(), await profile(first)]).toEqual([[first], 200]);
});

it("tells with which token a document came, also a colleague's", async () => {
  await start();
  const [own, colleagues] = [lab.generateToken(), lab.addColleague('somebody')];

  await post(own, 'a letter');
  await post(colleagues, 'another letter');
  await post('not a token', 'a third letter');

  const arrived = lab.arrivals().map(({ value, content }) => [value, content.toString()]);
  expect(arrived).toEqual([
    [own, 'a letter'],
    [colleagues, 'another letter'],
  ]);
  expect(lab.working()).toEqual([own]);
});

it('does not end a token twice', async () => {
  await start();
  const [first, second] = [lab.generateToken(), lab.generateToken()];

  lab.kill(first);

  expect(lab.inForce().map(({ value }) => value)).toEqual([first, null, second]);
  expect(lab.working()).toEqual([second]);
});

it('replaces it by another one, and the one before is dead', async () => {
  await start();
  const old = lab.generateToken();

  const reply = await ask('POST', '/api/profile/generate_auth_token/', byPassword());

  expect([await profile(old), await profile(String(reply.json))]).toEqual([401, 200]);
  expect([lab.working(), lab.tokens()]).toEqual([[reply.json], [old, reply.json]]);
});

it('answers where the token stands when it was deleted', async () => {
  await start();
  lab.kill(lab.generateToken());

  expect((await ask('GET', '/api/profile/', byPassword())).at('auth_token')).toBeNull();
  expect(lab.working()).toEqual([]);
});

it('wants the code of a second factor, and takes no password by itself then', async () => {
  await start();
  lab.account.mfaCode = '123456';

  expect((await token()).json).toEqual({ non_field_errors: ['MFA code is required'] });
  expect((await token({ code: '000000' })).json).toEqual({ non_field_errors: ['Invalid MFA code'] });
  expect((await ask('GET', '/api/profile/', byPassword())).json).toEqual({ detail: 'MFA required' });
  expect(await profile((await token({ code: '123456' })).string('token'))).toBe(200);
});

it('answers five times a minute who asks for a token, right or wrong', async () => {
  await start();
  for (let tries = 0; tries < 5; tries++) await token();

  const refused = await token();

  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
  now += 60_000;
  expect((await token()).status).toBe(200);
});

it('takes a document that it has in its third release, and tells of it in small letters where nobody asks for an older version', async () => {
  await start();
  const value = lab.generateToken();
  await post(value, 'a letter');

  const task = await post(value, 'a letter');

  expect((await ended(value, task)).at('results', 0)).toMatchObject({ status: 'success', related_document_ids: [3] });
  const older = await ended(value, task, { accept: 'application/json; version=9' });
  expect(older.at(0)).toMatchObject({ status: 'SUCCESS', related_document: '3' });
  expect(lab.documents()).toEqual(['letter.pdf', 'letter.pdf']);
});

it('turns it away in its second release', async () => {
  await start({ release: 2 });
  const value = lab.generateToken();
  const first = await post(value, 'a letter');

  const task = await post(value, 'a letter');

  expect((await ended(value, first)).at(0)).toMatchObject({ status: 'SUCCESS', related_document: '2' });
  expect((await ended(value, task)).at(0)).toMatchObject({ status: 'FAILURE', related_document: null });
  expect((await ended(value, task)).string(0, 'result')).toContain('duplicate');
  expect(lab.documents()).toEqual(['letter.pdf']);
});

it('can learn of changes late', async () => {
  await start({ propagationMs: 1000, deletionLagMs: 2000 });
  const value = lab.generateToken();

  expect([await profile(value), lab.working()]).toEqual([401, []]);
  now += 1000;
  expect([await profile(value), lab.working()]).toEqual([200, [value]]);
  lab.kill(value);
  expect([await profile(value), lab.working()]).toEqual([200, [value]]);
  now += 2001;
  expect([await profile(value), lab.working()]).toEqual([401, []]);
});
