import { randomBytes, randomUUID } from 'node:crypto';
import { FormData } from 'undici';
import {
  type DocuElevateLab,
  type DocuElevateLabOptions,
  startDocuElevateLab,
} from '../../src/lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../src/lab/openai/server.js';
import { call, type Reply, until } from './call.js';
import { idle as idleOf, visit, type Visitor } from './docuelevate-visitor.js';

let openAi: OpenAiLab;
let lab: DocuElevateLab;
let admin: Visitor;
let key: { id: string; value: string };

async function start(options: Partial<DocuElevateLabOptions> = {}): Promise<void> {
  lab = await startDocuElevateLab({ openAiBaseUrl: openAi.baseUrl, openAiKey: key.value, ...options });
  admin = visit(lab);
  await admin.login();
}
beforeEach(async () => {
  openAi = await startOpenAiLab();
  key = openAi.createUserKey('engine');
  await start();
});
afterEach(() => Promise.all([lab.stop(), openAi.stop()]));

interface Paper {
  readonly name?: string;
  readonly bytes?: string;
  readonly key?: string;
}

function form({ name = 'letter.pdf', bytes = `/Producer (LibreOffice) ${randomUUID()}`, key }: Paper): FormData {
  const made = new FormData();
  made.append('file', new Blob([bytes], { type: 'application/pdf' }), name);
  made.append('source', 'test');
  if (key !== undefined) made.append('idempotency_key', key);
  return made;
}
const hand = (paper: Paper = {}): Promise<Reply> => admin.send('POST', '/api/ui-upload', { body: form(paper) });
const take = (paper: Paper = {}): Promise<Reply> =>
  admin.send('POST', '/api/intake/documents', { body: form({ key: randomUUID(), ...paper }) });

/** The id of the file that an upload became, as a client finds it. */
async function fileOf(upload: Reply): Promise<number> {
  const logs = (): Promise<Reply> => admin.get(`/api/logs/task/${upload.string('task_id')}`);
  const ids = async (): Promise<unknown[]> =>
    ((await logs()).at('logs') as { file_id: unknown }[] | undefined)?.map((line) => line.file_id) ?? [];
  await until(async () => (await ids()).some((id) => id !== null));
  return Number((await ids()).find((id) => id !== null));
}
const statusOf = async (id: number): Promise<unknown> =>
  (await admin.get(`/api/files/${id}`)).at('processing_status', 'status');
const stepOf = (id: number, step: string): string | undefined =>
  lab
    .files()
    .find((file) => file.id === id)
    ?.steps.find(({ name }) => name === step)?.status;
const idle = (): Promise<void> => idleOf(lab);

describe('a document', () => {
  it('is really processed: with the key the worker holds, one chat and one embedding', async () => {
    const id = await fileOf(await hand());
    await idle();

    const details = await admin.get(`/api/files/${id}`);

    expect(details.at('processing_status')).toMatchObject({ status: 'completed', has_errors: false });
    expect(stepOf(id, 'extract_metadata_with_gpt')).toBe('success');
    expect(openAi.requests.map(({ path }) => path)).toEqual(['/v1/chat/completions', '/v1/embeddings']);
    expect(openAi.keys()[0]?.lastUsedAt).not.toBeNull();
  });

  it('of unknown origin has its text rated first', async () => {
    await hand({ bytes: randomUUID() });
    await idle();

    expect(openAi.requests).toHaveLength(3);
  });

  it('fails at the metadata when the key is refused, and goes no further', async () => {
    openAi.killKey(key.id);

    const id = await fileOf(await hand());
    await idle();

    expect(await statusOf(id)).toBe('failed');
    expect(stepOf(id, 'extract_metadata_with_gpt')).toBe('failure');
    expect(stepOf(id, 'embed_metadata_into_pdf')).toBeUndefined();
    expect((await admin.get(`/api/files/${id}`)).text).toContain(key.value.slice(-4));
  });

  it('is completed without the AI when there is no key', async () => {
    lab.editSetting('openai_api_key', '', 'somebody');

    const id = await fileOf(await hand());
    await idle();

    expect(await statusOf(id)).toBe('completed');
    expect([stepOf(id, 'extract_metadata_with_gpt'), stepOf(id, 'compute_embedding')]).toEqual(['skipped', 'skipped']);
    expect(openAi.requests).toEqual([]);
  });

  it('ends failed for another destination although its metadata were found', async () => {
    lab.brokenDestination = true;

    const id = await fileOf(await hand());
    await idle();

    expect(await statusOf(id)).toBe('failed');
    expect(stepOf(id, 'extract_metadata_with_gpt')).toBe('success');
    expect(stepOf(id, 'upload_to_nextcloud')).toBe('failure');
  });

  it('says pending again between two of its tasks', async () => {
    await lab.stop();
    await start({ latencyMs: 50 });
    const seen: (string | undefined)[] = [];
    await hand();

    await until(() => {
      const status = lab.files()[0]?.status;
      if (status !== seen.at(-1)) seen.push(status);
      return status === 'completed';
    });

    expect(seen.join(' ')).toContain('processing pending processing');
  });

  it('takes about the latency for each AI call', async () => {
    await lab.stop();
    await start({ latencyMs: 30 });
    const before = performance.now();

    await hand();
    await idle();

    expect(performance.now() - before).toBeGreaterThan(60);
  });

  it('has log lines in whole seconds whose ids rise, under several task ids', async () => {
    const id = await fileOf(await hand());
    await idle();

    const logs = (await admin.get(`/api/files/${id}`)).list('logs') as {
      id: number;
      task_id: string;
      timestamp: string;
    }[];

    expect(new Set(logs.map((line) => line.id)).size).toBe(logs.length);
    expect(new Set(logs.map((line) => line.task_id)).size).toBeGreaterThan(3);
    expect(logs[0]?.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  });

  it('can be processed again with the present key, and shows its old failure for a while', async () => {
    openAi.killKey(key.id);
    const id = await fileOf(await hand({ bytes: randomUUID() }));
    await idle();
    lab.editSetting('openai_api_key', openAi.createUserKey('second').value, 'somebody');
    openAi.faults.add({ method: 'POST', path: '/v1/chat/completions', kind: { slowMs: 200 } });

    const again = await admin.send('POST', `/api/files/${id}/reprocess`);

    expect(again.json).toMatchObject({ status: 'success', file_id: id });
    expect(await statusOf(id)).toBe('failed');
    await idle();
    expect(await statusOf(id)).toBe('completed');
    expect(await fileOf(again)).toBe(id);
  });
});

describe('a task', () => {
  it('is unknown until its first log line, and has a UUID of version 4', async () => {
    expect((await admin.get(`/api/logs/task/${randomUUID()}`)).status).toBe(404);
    expect((await admin.get('/api/logs/task/1')).status).toBe(422);
    expect((await admin.get('/api/logs/task/00000000-0000-1000-8000-000000000000')).status).toBe(422);
  });

  it('has lines without a file before the file exists', async () => {
    const upload = await hand();
    await fileOf(upload);

    const logs = await admin.get(`/api/logs/task/${upload.string('task_id')}`);

    expect(logs.list('logs').map((line) => (line as { file_id: unknown }).file_id)).toContain(null);
  });
});

describe('deleting a document', () => {
  it('frees its id for the next one, and its bytes', async () => {
    const bytes = randomUUID();
    const first = await fileOf(await hand({ bytes }));
    await idle();

    const deleted = await admin.send('DELETE', `/api/files/${first}`);
    const second = await fileOf(await hand({ bytes, name: 'other.pdf' }));

    expect(deleted.json).toMatchObject({ status: 'success' });
    expect(second).toBe(first);
    expect((await admin.get(`/api/files/${second}`)).at('file', 'original_filename')).toBe('other.pdf');
  });

  it('can be forbidden, and is of no use for what is not there', async () => {
    const id = await fileOf(await hand());
    lab.editSetting('allow_file_delete', 'false', 'somebody');

    expect((await admin.send('DELETE', `/api/files/${id}`)).status).toBe(403);
    expect((await admin.send('DELETE', '/api/files/99')).status).toBe(404);
  });
});

describe('a person’s upload', () => {
  it('of the same bytes starts nothing and is no error', async () => {
    const bytes = randomUUID();
    const id = await fileOf(await hand({ bytes }));

    const again = await hand({ bytes });

    expect([again.status, again.at('status')]).toEqual([200, 'duplicate']);
    expect(again.at('duplicate_of', 'original_file_id')).toBe(id);
    expect(lab.files()).toHaveLength(1);
  });

  it('needs a file, a login, and the token as a header: no field will do', async () => {
    const tokenInForm = form({});
    tokenInForm.append('csrf_token', admin.csrf());
    const withField = { body: tokenInForm, headers: { 'x-csrf-token': '' } };

    expect((await admin.send('POST', '/api/ui-upload', { body: new FormData() })).status).toBe(422);
    expect((await admin.send('POST', '/api/ui-upload', withField)).status).toBe(403);
    const stranger = { method: 'POST', headers: { authorization: 'Bearer anything' }, body: form({}) };
    expect((await call(`${lab.url}/api/ui-upload`, stranger)).status).toBe(401);
    const tokenOwner = { method: 'POST', headers: { authorization: `Bearer ${lab.apiToken}` }, body: form({}) };
    expect((await call(`${lab.url}/api/ui-upload`, tokenOwner)).status).toBe(200);
  });
});

describe('a machine’s upload', () => {
  it('answers 202, and the same row for the same key', async () => {
    const first = await take({ key: 'rotation-1' });
    const again = await take({ key: 'rotation-1', bytes: 'something else' });

    expect([first.status, again.status]).toEqual([202, 202]);
    expect(first.json).toMatchObject({ intake_id: 1, state: 'queued', duplicate: false, filename: 'letter.pdf' });
    expect(again.json).toMatchObject({ intake_id: 1, duplicate: true, task_id: first.string('task_id') });
    await idle();
    expect(lab.files()).toHaveLength(1);
  });

  it('stays queued for ever as far as its row says', async () => {
    await take();
    await idle();

    expect((await admin.get('/api/intake/documents/1')).at('state')).toBe('queued');
    expect((await admin.get('/api/intake/documents/2')).status).toBe(404);
  });

  it('of the same bytes becomes a document marked as a duplicate', async () => {
    const bytes = randomUUID();
    await take({ bytes });
    await idle();

    const id = await fileOf(await take({ bytes }));

    expect(await statusOf(id)).toBe('duplicate');
    expect(stepOf(id, 'extract_metadata_with_gpt')).toBeUndefined();
  });

  it('refuses other kinds of files and short keys', async () => {
    expect((await take({ name: 'tool.exe' })).status).toBe(415);
    expect((await take({ key: 'short' })).status).toBe(422);
  });

  it('is asked who it is from once its form is complete, and before its kind of file counts', async () => {
    lab.editSetting('document_intake_shared_secret', 'right', 'somebody');
    const by = async (secret: string, fields: Record<string, string>, name = 'letter.keyturn') => {
      const body = form({ name });
      body.delete('source');
      for (const [field, value] of Object.entries(fields)) body.append(field, value);
      const headers = { authorization: 'Bearer x', 'x-docuelevate-intake-secret': secret };
      return (await call(`${lab.url}/api/intake/documents`, { method: 'POST', headers, body })).status;
    };
    const complete = { source: 'keyturn', idempotency_key: 'rotation-1' };

    expect(await by('wrong', {})).toBe(422);
    expect(await by('wrong', complete)).toBe(401);
    expect(await by('right', complete)).toBe(415);
    expect(await by('right', complete, 'letter.pdf')).toBe(202);
  });
});

describe('the upload limit', () => {
  it('says only in its text how long to wait, and counts repetitions too', async () => {
    let now = Date.UTC(2030, 0, 1);
    await lab.stop();
    await start({ uploadsPerMinute: 2, clock: () => now });
    await take({ key: 'rotation-1' });
    now += 39_000;
    await take({ key: 'rotation-1' });

    const refused = await take();

    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, null]);
    expect(refused.json).toEqual({ detail: 'Upload rate limit exceeded (2/2 in 60s). Retry after 21s.' });
    now += 21_000;
    expect((await take()).status).toBe(202);
  });

  it('of nothing is a limit of one', async () => {
    await lab.stop();
    await start({ uploadsPerMinute: 0 });

    expect([(await take()).status, (await take()).status]).toEqual([202, 429]);
  });
});

describe('the list of documents', () => {
  it('is searched by name', async () => {
    await fileOf(await hand({ name: 'Invoice 1.pdf' }));
    await fileOf(await hand({ name: 'letter.pdf' }));

    const found = await admin.get('/api/files?search=invoice');

    expect(found.list('files')).toMatchObject([{ original_filename: 'Invoice 1.pdf' }]);
    expect(found.at('pagination', 'total')).toBe(1);
  });
});

describe('the worker', () => {
  it('uses what is written, unless it is stale', async () => {
    const second = openAi.createUserKey('second').value;
    lab.staleWorker = true;
    lab.editSetting('openai_api_key', second, 'somebody');
    openAi.killKey(key.id);

    expect([lab.workerHolds('openai_api_key'), await lab.use('ai')]).toEqual([key.value, false]);
    lab.staleWorker = false;
    expect([lab.workerHolds('openai_api_key'), await lab.use('ai')]).toEqual([second, true]);
  });

  it('that is stale reads the database when it starts again', async () => {
    lab.staleWorker = true;
    lab.editSetting('openai_api_key', 'second', 'somebody');

    lab.restartWorker();

    expect(lab.workerHolds('openai_api_key')).toBe('second');
  });

  it('finishes a call with the key it began with', async () => {
    await lab.stop();
    await start({ latencyMs: 30 });
    const call = lab.use('ai');

    lab.editSetting('openai_api_key', 'wrong', 'somebody');

    expect(await call).toBe(true);
    expect(await lab.use('ai')).toBe(false);
  });

  it('without a key uses no AI', async () => {
    lab.editSetting('openai_api_key', null, 'somebody');

    expect(await lab.use('ai')).toBe(false);
    expect(openAi.requests).toEqual([]);
  });

  it('is online, as anybody may know', async () => {
    expect((await call(`${lab.url}/api/queue/stats`)).at('celery', 'workers_online')).toBe(1);
  });
});

describe('the connection test', () => {
  const test = (): Promise<Reply> => admin.get('/api/openai/test');

  it('answers 200 whether the key works or not', async () => {
    const good = await test();
    openAi.killKey(key.id);
    const bad = await test();
    lab.editSetting('openai_api_key', '', 'somebody');
    const none = await test();

    expect([good.status, bad.status, none.status]).toEqual([200, 200, 200]);
    expect(good.json).toMatchObject({ status: 'success', models_available: 3 });
    expect(bad.json).toMatchObject({ status: 'error', is_auth_error: true, error_type: 'authentication_error' });
    expect(none.json).toEqual({ status: 'error', message: 'No OpenAI API key is configured' });
  });

  it('tells a refusal from a limit, a broken provider and a broken connection', async () => {
    const kinds = [{ status: 429 }, { status: 500 }, 'reset-before'] as const;
    for (const kind of kinds) openAi.faults.add({ method: 'GET', path: '/v1/models', kind });

    const types = [await test(), await test(), await test()].map((reply) => reply.at('error_type'));

    expect(types).toEqual(['rate_limit', 'api_status_error', 'connection_error']);
  });

  it('shows the whole key when it cannot be sent', async () => {
    const value = randomBytes(24).toString('hex');
    lab.editSetting('openai_api_key', `${value}\n`, 'somebody');

    const refused = await test();

    expect(refused.json).toMatchObject({ status: 'error', is_auth_error: false, error_type: 'connection_error' });
    expect(refused.text).toContain(value);
  });

  it('uses what the API process has in memory, which a stale worker does not', async () => {
    lab.staleWorker = true;
    lab.editSetting('openai_api_key', 'wrong', 'somebody');

    expect((await test()).at('status')).toBe('error');
    expect(await lab.use('ai')).toBe(true);
  });

  it('keeps the whole API silent while the provider hangs, but not the worker', async () => {
    openAi.faults.add({ method: 'GET', path: '/v1/models', kind: 'hang' });
    const hanging = test();
    await until(() => openAi.requests.length === 1);
    let answered = false;
    const other = call(`${lab.url}/api/queue/stats`).then(() => (answered = true));
    await until(() => lab.requests.some(({ path }) => path === '/api/queue/stats'));

    expect(await lab.use('ai')).toBe(true);
    expect(answered).toBe(false);
    await openAi.stop();
    expect((await hanging).at('error_type')).toBe('connection_error');
    await other;
  });

  it('does not hold up the end of the lab', async () => {
    openAi.faults.add({ method: 'GET', path: '/v1/models', kind: 'hang' });
    const hanging = test();
    await until(() => openAi.requests.length === 1);

    await lab.stop();

    await expect(hanging).rejects.toThrow();
  });
});
