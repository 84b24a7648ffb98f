import { settingKeys, type SettingInfo } from '../../../src/lab/docuelevate/setting-keys.js';
import { type Bench, startBench } from '../bench.js';
import { count, type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';

let bench: Bench;
let fixture: DocuElevateFixture;

beforeEach(async () => {
  bench = await startBench();
  fixture = await startDocuElevateFixture(bench);
});
afterEach(async () => {
  await fixture.stop();
  await bench.close();
});

const lookAtEngine = () => bench.attempt(() => fixture.docuelevate.checkEngine(bench.credential));
const look = () => bench.attempt(() => fixture.docuelevate.checkAccess(bench.credential));

it('is right with an administrator, a setting and a worker', async () => {
  fixture.lab.editSetting('openai_api_key', fixture.workingKey(), 'somebody');

  expect(await look()).toEqual([
    { what: 'login as admin', ok: true, detail: 'works, as an administrator' },
    { what: 'settings', ok: true, detail: 'can be read' },
    { what: 'setting openai_api_key', ok: true, detail: 'set in the database; a change takes effect at once' },
  ]);
  expect(await lookAtEngine()).toEqual([
    { what: 'worker', ok: true, detail: '1 online' },
    { what: 'credential settings', ok: true, detail: 'this version of Keyturn knows each of them' },
    { what: 'test documents', ok: true, detail: 'are deleted again' },
  ]);
});

it('tells where a setting stands, and whether a change needs a restart', async () => {
  fixture.engine.settings = { openai_api_key: 'key', admin_password: 'key' };

  const details = (await look()).map(({ detail }) => detail);

  expect(details).toContain('not set; a change takes effect at once');
  expect(details).toContain('set in the environment; a change needs a restart');
});

it('says which setting the engine does not know', async () => {
  fixture.engine.settings = { openai_key: 'key' };

  expect(await look()).toContainEqual(expect.objectContaining({ what: 'setting openai_key', ok: false }));
});

it('says no more than that the login is refused', async () => {
  fixture.engine.password = 'wrong';

  expect(await look()).toMatchObject([{ what: 'login as admin', ok: false }]);
});

it('says when the user is no administrator', async () => {
  const body = JSON.stringify({ preferred_username: 'grace', is_admin: false });
  fixture.lab.faults.add({ method: 'GET', path: '/api/auth/whoami', kind: { status: 200, body } });

  const [login, ...others] = await look();

  expect(login?.ok).toBe(false);
  expect(login?.detail).toContain('no administrator');
  expect(others).toEqual([]);
});

it('says when no worker is online', async () => {
  const body = JSON.stringify({ celery: { workers_online: 0 } });
  fixture.lab.faults.add({ method: 'GET', path: '/api/queue/stats', kind: { status: 200, body } });

  expect(await lookAtEngine()).toContainEqual(expect.objectContaining({ what: 'worker', ok: false }));
});

it('asks the queue, which answers slowly, for no credential by itself', async () => {
  await look();

  expect(count(fixture.lab, 'GET', '/api/queue/stats')).toBe(0);
});

it('warns of a setting that only a newer DocuElevate has', async () => {
  const keys = settingKeys as Map<string, SettingInfo>;
  keys.set('invented_token', settingKeys.get('openai_api_key')!);

  expect(await lookAtEngine().finally(() => keys.delete('invented_token'))).toContainEqual({
    ...{ what: 'credential settings', ok: true, warning: true },
    detail: expect.stringContaining('does not know invented_token') as string,
  });
});

it.each(['postgresql', 'postgresql+psycopg2', 'postgres'])('warns that documents stay on %s', async (scheme) => {
  fixture.lab.editSetting('database_url', `${scheme}://user:a-password@db/docs`, 'somebody');

  expect(await lookAtEngine()).toContainEqual({
    ...{ what: 'test documents', ok: true, warning: true },
    detail: expect.stringMatching(/stay.*answers 500.*keyturn-test-….pdf/) as string,
  });
});

it('warns that the document that is kept for verification is of somebody else, or gone', async () => {
  fixture.engine.keptDocument = 7;

  expect(await lookAtEngine()).toContainEqual({
    ...{ what: 'kept document 7', ok: true, warning: true },
    detail: expect.stringContaining('keyturn verify <credential> --document --keep') as string,
  });
});
