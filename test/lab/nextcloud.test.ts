import { type NextcloudLab, type NextcloudLabOptions, startNextcloudLab } from '../../src/lab/nextcloud/server.js';
import { call, type Reply } from './call.js';

let lab: NextcloudLab;
let now = Date.UTC(2030, 0, 1);

async function start(options: NextcloudLabOptions = {}): Promise<void> {
  lab = await startNextcloudLab({ clock: () => now, ...options });
}
afterEach(() => lab.stop());

interface Asked {
  readonly password?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

function ask(
  method: string,
  path: string,
  { password = lab.accountPassword, headers = {}, body }: Asked = {},
): Promise<Reply> {
  const authorization = `Basic ${Buffer.from(`${lab.username}:${password}`).toString('base64')}`;
  const usual = { authorization, 'ocs-apirequest': 'true', accept: 'application/json' };
  return call(lab.url + path, { method, headers: { ...usual, ...headers }, body: body ?? null });
}
const create = async (name = 'a client'): Promise<string> =>
  (await ask('GET', '/ocs/v2.php/core/getapppassword', { headers: { 'user-agent': name } })).string(
    'ocs',
    'data',
    'apppassword',
  );
const whoAmI = async (password: string): Promise<number> =>
  (await ask('GET', '/ocs/v2.php/cloud/user', { password })).status;
const dav = (method: string, path: string, asked: Asked = {}): Promise<Reply> =>
  ask(method, `/remote.php/dav/files/${lab.username}/${path}`, asked);

it('tells a new app password once, and lets it end itself', async () => {
  await start();

  const value = await create('keyturn one');
  expect(lab.appPasswords()).toEqual([{ id: 1, name: 'keyturn one', value, works: true, deleted: false }]);
  expect((await ask('DELETE', '/ocs/v2.php/core/apppassword', { password: value })).status).toBe(200);

  expect([lab.working(), await whoAmI(value)]).toEqual([[], 401]);
});

it('lets a dead one count as a wrong try, and refuses everybody from there after eleven', async () => {
  await start();
  const [dead, living] = [await create(), await create()];
  lab.kill(dead);

  const answers = [];
  for (let tries = 0; tries < 12; tries++) answers.push(await whoAmI(dead));

  expect(answers).toEqual([...Array<number>(11).fill(401), 429]);
  expect(await whoAmI(living)).toBe(429);
  expect(await whoAmI(lab.accountPassword)).toBe(429);
  now += 31 * 60_000;
  expect([await whoAmI(living), lab.attempts()]).toEqual([200, 0]);
});

it('refuses no address where an administrator has put them on the list', async () => {
  await start();
  const [dead, living] = [await create(), await create()];
  lab.kill(dead);
  lab.server.allowListed = true;

  for (let tries = 0; tries < 12; tries++) expect(await whoAmI(dead)).toBe(401);

  expect(await whoAmI(living)).toBe(200);
});

it('tells with which app password a document came', async () => {
  await start();
  const [one, other] = [await create(), await create()];

  await dav('PUT', 'one.pdf', { password: one, body: 'about one' });
  await dav('PUT', 'other.pdf', { password: other, body: 'about another' });
  await dav('PUT', 'missing/third.pdf', { password: one, body: 'has no folder' });

  const arrived = lab.arrivals().map(({ value, content }) => [value, content.toString()]);
  expect(arrived).toEqual([
    [one, 'about one'],
    [other, 'about another'],
  ]);
});

it('forgets wrong tries when somebody comes with the right account password', async () => {
  await start();
  await whoAmI('wrong');
  expect(lab.attempts()).toBe(1);

  await whoAmI(lab.accountPassword);

  expect(lab.attempts()).toBe(0);
});

it('notices after five minutes that an app password knows an account password of before, until somebody signs in with the new one', async () => {
  await start();
  const value = await create();
  lab.account.password = 'Another-example-pass';

  expect([await whoAmI(value), lab.working()]).toEqual([200, [value]]);
  now += 6 * 60_000;
  expect([lab.working(), await whoAmI(value)]).toEqual([[], 401]);
  await whoAmI('Another-example-pass');
  expect([lab.working(), await whoAmI(value)]).toEqual([[value], 200]);
});

it('takes app passwords alone from an account with a second factor', async () => {
  await start();
  const value = await create();
  lab.account.secondFactor = true;

  const refused = await ask('GET', '/ocs/v2.php/core/getapppassword');

  expect([refused.status, refused.at('ocs', 'meta', 'statuscode')]).toEqual([401, 997]);
  expect(refused.headers.get('www-authenticate')).toBeNull();
  expect([await whoAmI(value), lab.attempts()]).toEqual([200, 0]);
});

it('lets a cookie of before cover a wrong password', async () => {
  await start();
  const [line = ''] = (await ask('GET', '/ocs/v2.php/cloud/user')).headers.getSetCookie();

  const reply = await ask('GET', '/ocs/v2.php/cloud/user', {
    password: 'wrong',
    headers: { cookie: line.split(';')[0] ?? '' },
  });

  expect(reply.status).toBe(200);
});

it('keeps what is uploaded, in folders that are there', async () => {
  await start();
  const password = await create();

  expect((await dav('PUT', 'Archive/a.pdf', { password, body: 'one' })).status).toBe(409);
  expect((await dav('MKCOL', 'Archive/', { password })).status).toBe(201);
  expect((await dav('MKCOL', 'Archive/', { password })).status).toBe(405);
  expect((await dav('PUT', 'Archive/a.pdf', { password, body: 'one' })).status).toBe(201);
  expect((await dav('PUT', 'Archive/a.pdf', { password, body: 'two' })).status).toBe(204);
  expect((await dav('GET', 'Archive/a.pdf', { password })).text).toBe('two');
  expect((await dav('PROPFIND', 'Archive', { password, headers: { depth: '1' } })).text).toContain('/Archive/a.pdf<');
  lab.server.full = true;
  expect((await dav('PUT', 'Archive/b.pdf', { password, body: 'three' })).status).toBe(507);
  expect(lab.files()).toEqual(['Archive/a.pdf']);
  expect((await dav('DELETE', 'Archive', { password })).status).toBe(204);
  expect(lab.files()).toEqual([]);
});

it('can learn of changes late', async () => {
  await start({ propagationMs: 1000, deletionLagMs: 2000 });
  const value = await create();

  expect([await whoAmI(value), lab.working()]).toEqual([401, []]);
  now += 1000;
  expect([await whoAmI(value), lab.working()]).toEqual([200, [value]]);
  lab.kill(value);
  expect([await whoAmI(value), lab.working()]).toEqual([200, [value]]);
  now += 2001;
  expect([await whoAmI(value), lab.working()]).toEqual([401, []]);
});
