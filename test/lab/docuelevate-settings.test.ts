import { randomBytes } from 'node:crypto';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { Reply } from './call.js';
import { visit, type Visitor } from './docuelevate-visitor.js';

let lab: DocuElevateLab;
let admin: Visitor;
let now: number;

const secret = randomBytes(24).toString('hex');
const initial = randomBytes(24).toString('hex');
const key = 'openai_api_key';

beforeEach(async () => {
  now = Date.UTC(2030, 0, 1);
  lab = await startDocuElevateLab({ openAiBaseUrl: 'http://127.0.0.1:1/v1', openAiKey: initial, clock: () => now });
  admin = visit(lab);
  await admin.login();
});
afterEach(() => lab.stop());

const read = (path = ''): Promise<Reply> => admin.get(`/api/settings/${path}`);
const write = (name: string, json: unknown): Promise<Reply> => admin.send('POST', `/api/settings/${name}`, { json });

describe('reading', () => {
  it('shows four characters and the length of a secret', async () => {
    const shown = await read(key);

    expect(shown.json).toMatchObject({ key, value: initial.slice(0, 4) + '*'.repeat(44) });
    lab.editSetting(key, 'short', 'somebody');
    expect((await read(key)).at('value')).toBe('********');
  });

  it('counts characters as people do, not as JavaScript does', async () => {
    lab.editSetting(key, '🔑'.repeat(10), 'somebody');
    expect((await read(key)).at('value')).toBe(`${'🔑'.repeat(4)}******`);
    lab.editSetting(key, '🔑'.repeat(8), 'somebody');
    expect((await read(key)).at('value')).toBe('********');
  });

  it('knows nothing of a setting that does not exist, and says so with null', async () => {
    expect((await read('no_such_setting')).json).toMatchObject({ key: 'no_such_setting', value: null });
    expect((await read('no-such-setting')).status).toBe(400);
  });

  it('needs the slash at the end of the list', async () => {
    const redirected = await admin.get('/api/settings');

    expect([redirected.status, redirected.headers.get('location')]).toEqual([307, '/api/settings/']);
    const all = await read();
    expect(all.at('settings', key)).toMatchObject({ metadata: { category: 'AI Services', sensitive: true } });
    expect(all.at('db_settings')).toEqual({});
    expect(all.text).not.toContain(initial);
  });

  it('lists the sixty credentials with where their value comes from', async () => {
    lab.editSetting('gemini_api_key', secret, 'somebody');
    lab.editSetting('azure_ai_key', '', 'somebody');

    const report = await read('credentials');

    const byKey = new Map(report.list('credentials').map((entry) => [(entry as { key: string }).key, entry]));
    expect(report.json).toMatchObject({ total: 60, configured_count: 8, unconfigured_count: 52 });
    expect(byKey.size).toBe(60);
    expect(byKey.get(key)).toMatchObject({ configured: true, source: 'env', restart_required: false });
    expect(byKey.get('gemini_api_key')).toMatchObject({ configured: true, source: 'db' });
    expect(byKey.get('azure_ai_key')).toMatchObject({ configured: false, source: null });
    expect(
      [...byKey.values()].filter((entry) => (entry as { restart_required: boolean }).restart_required),
    ).toHaveLength(22);
  });
});

describe('writing', () => {
  it('takes effect at once in the engine and in its worker', async () => {
    const written = await write(key, { key, value: secret });

    expect(written.json).toMatchObject({ success: true, key, restart_required: false });
    expect(written.text).not.toContain(secret);
    expect(written.at('value')).toBe(secret.slice(0, 4) + '*'.repeat(44));
    expect([lab.setting(key), lab.workerHolds(key)]).toEqual([secret, secret]);
  });

  it('goes by the key of the path, whatever the body says', async () => {
    await write(key, { key: 'gemini_api_key', value: secret });
    await admin.send('PUT', '/api/settings/azure_ai_key', { json: { value: secret } });

    expect([lab.setting(key), lab.setting('gemini_api_key')]).toEqual([secret, null]);
    expect(lab.setting('azure_ai_key')).toBe(secret);
  });

  it('stores a value as it is, spaces and line breaks too', async () => {
    await write(key, { key, value: ` ${secret}\n` });

    expect(lab.setting(key)).toBe(` ${secret}\n`);
  });

  it('lets nothing win over the environment, silently', async () => {
    expect((await write(key, { key, value: null })).status).toBe(200);
    expect([lab.setting(key), lab.workerHolds(key)]).toEqual([null, null]);
    expect((await write(key, { key, value: '' })).status).toBe(200);
    expect(lab.workerHolds(key)).toBe('');
  });

  it('echoes the secret in what it says about a wrong body', async () => {
    const bulk = await write('bulk-update', [{ key, value: secret }]);
    const keyless = await write(key, { value: secret });
    const number = await write(key, { key, value: 12345678 });

    for (const refused of [bulk, keyless, number]) expect(refused.status).toBe(422);
    for (const refused of [bulk, keyless]) expect(refused.text).toContain(secret);
    expect(number.at('detail', 0, 'input')).toBe(12345678);
    expect(lab.setting(key)).toBe(initial);
  });

  it('has no bulk update: its path is taken for a key', async () => {
    const refused = await write('bulk-update', { key, value: secret });

    expect([refused.status, refused.json]).toEqual([400, { detail: 'Invalid setting key format' }]);
  });

  it('refuses what is unknown, required, too short, of another type or not for it to change', async () => {
    const cases: [string, string | null, number][] = [
      ['no_such_setting', secret, 404],
      ['1st', secret, 400],
      ['database_url', '', 400],
      ['redis_url', null, 400],
      ['session_secret', 'short', 400],
      ['session_secret_previous', secret, 400],
      ['imap1_port', 'a lot', 400],
      ['allow_file_delete', 'perhaps', 400],
      ['imap1_port', '993', 200],
      ['allow_file_delete', 'No', 200],
      ['session_secret', secret, 200],
    ];

    for (const [name, value, status] of cases)
      expect([name, (await write(name, { key: name, value })).status]).toEqual([name, status]);
  });

  it('says that a new session secret needs a restart, and changes nothing', async () => {
    const written = await write('session_secret', { key: 'session_secret', value: secret });

    expect(written.at('restart_required')).toBe(true);
    expect((await read('credentials')).status).toBe(200);
  });

  it('says that a new admin password needs a restart, and wants it at once', async () => {
    const written = await write('admin_password', { key: 'admin_password', value: secret });

    expect(written.at('restart_required')).toBe(true);
    expect(await visit(lab).login(secret)).not.toContain('error');
  });

  it('is for admins', async () => {
    const stranger = visit(lab);
    await stranger.get('/login');

    const refused = await stranger.send('POST', `/api/settings/${key}`, { json: { key, value: secret } });

    expect([refused.status, refused.json]).toEqual([403, { detail: 'Admin access required' }]);
  });
});

describe('deleting', () => {
  it('leaves the value in the running engine and its worker until a restart', async () => {
    lab.editSetting(key, secret, 'somebody');
    lab.workerHolds(key);

    const deleted = await admin.send('DELETE', `/api/settings/${key}`);

    expect(deleted.status).toBe(200);
    expect(lab.setting(key)).toBe(initial);
    expect(lab.workerHolds(key)).toBe(secret);
    expect((await read(key)).at('value')).toBe(secret.slice(0, 4) + '*'.repeat(44));
    lab.restartWorker();
    expect(lab.workerHolds(key)).toBe(initial);
  });

  it('finds nothing to delete where there is no row', async () => {
    expect((await admin.send('DELETE', `/api/settings/${key}`)).status).toBe(404);
    expect((await admin.send('DELETE', '/api/settings/no_such_setting')).status).toBe(404);
    expect((await admin.send('DELETE', '/api/settings/no-such')).status).toBe(400);
  });
});

describe('the history', () => {
  const ids = async (): Promise<unknown[]> =>
    (await read(`${key}/history`)).list('history').map((entry) => (entry as { id: number }).id);

  it('hides values, names who changed what, and counts the same value again', async () => {
    await write(key, { key, value: secret });
    await write(key, { key, value: secret });
    now += 1000;
    lab.editSetting(key, '', 'somebody');

    const history = await read(`${key}/history`);

    expect(history.at('history', 0)).toEqual({
      id: 3,
      key,
      old_value: '[REDACTED]',
      new_value: '',
      changed_by: 'somebody',
      changed_at: '2030-01-01T00:00:01',
      action: 'update',
    });
    expect(history.list('history')).toHaveLength(3);
    expect(history.text).not.toContain(secret);
    expect((await read('audit-log?limit=1&offset=1')).json).toMatchObject({
      entries: [{ id: 2 }],
      limit: 1,
      offset: 1,
    });
  });

  it('is in the wrong order within one second: only the ids rise', async () => {
    lab.editSetting(key, 'first', 'a');
    lab.editSetting(key, 'second', 'b');
    now += 1000;
    lab.editSetting(key, 'third', 'c');

    expect(await ids()).toEqual([3, 1, 2]);
  });
});

describe('rolling back', () => {
  const rollBack = (id: number | string): Promise<Reply> => admin.send('POST', `/api/settings/${key}/rollback/${id}`);

  it('writes the value from before a change', async () => {
    lab.editSetting(key, 'first', 'a');
    lab.editSetting(key, 'second', 'b');

    expect((await rollBack(2)).status).toBe(200);

    expect([lab.setting(key), lab.workerHolds(key)]).toEqual(['first', 'first']);
  });

  it('of the first change takes the row away and leaves the value running', async () => {
    lab.editSetting(key, secret, 'a');
    lab.workerHolds(key);

    expect((await rollBack(1)).status).toBe(200);

    expect([lab.setting(key), lab.workerHolds(key)]).toEqual([initial, secret]);
  });

  it('does not find a change whose old value is the empty text', async () => {
    lab.editSetting(key, '', 'a');
    lab.editSetting(key, secret, 'b');

    const refused = await rollBack(2);

    expect([refused.status, refused.json]).toEqual([404, { detail: `History entry 2 not found for setting '${key}'` }]);
    expect((await rollBack(99)).status).toBe(404);
    expect((await rollBack('last')).status).toBe(422);
  });
});
