import { type OpenAiLab, type OpenAiLabOptions, startOpenAiLab } from '../../src/lab/openai/server.js';
import { call } from './call.js';

let lab: OpenAiLab;

async function start(options?: OpenAiLabOptions): Promise<void> {
  await lab?.stop();
  lab = await startOpenAiLab(options);
}
beforeEach(() => start());
afterEach(() => lab.stop());

async function ask(method: string, path: string, { key = lab.adminKey, body }: { key?: string; body?: object } = {}) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return call(`${lab.baseUrl}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
}
const inProject = (path: string): string => `/organization/projects/${lab.project}${path}`;

async function createAccount(name: string): Promise<{ id: string; keyId: string; value: string }> {
  const made = await ask('POST', inProject('/service_accounts'), { body: { name } });
  return { id: made.string('id'), keyId: made.string('api_key', 'id'), value: made.string('api_key', 'value') };
}

describe('a key', () => {
  it('is made with its service account, shown once, and accepted', async () => {
    const { id, keyId, value } = await createAccount('engine');

    const listed = await ask('GET', inProject('/api_keys'));
    const used = await ask('GET', '/models', { key: value });

    expect(used.status).toBe(200);
    expect(listed.text).not.toContain(value);
    expect(listed.at('data', 0)).toMatchObject({ id: keyId, owner: { service_account: { id, name: 'engine' } } });
    expect(lab.works(value)).toBe(true);
  });

  it('is refused with a message that shows part of it, when it is wrong or deleted', async () => {
    const { value } = lab.createUserKey('by hand');
    lab.killKey(lab.keys()[0]?.id ?? '');

    const refused = await ask('GET', '/models', { key: value });

    expect(refused.status).toBe(401);
    expect(refused.at('error')).toMatchObject({ code: 'invalid_api_key', type: 'invalid_request_error' });
    expect(refused.string('error', 'message')).toContain(value.slice(-4));
    expect(lab.works(value)).toBe(false);
  });

  it('may be accepted and allowed nothing but the list of models, until that is lifted', async () => {
    lab.restrictNewKeys(true);
    const { value, keyId } = await createAccount('engine');
    const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Is anybody there?' }] };

    expect((await ask('GET', '/models', { key: value })).status).toBe(200);
    expect((await ask('POST', '/chat/completions', { key: value, body: chat })).at('error')).toMatchObject({
      code: null,
    });
    lab.restrictNewKeys(false);
    expect((await ask('POST', '/chat/completions', { key: value, body: chat })).status).toBe(200);
    expect(lab.inferences()).toEqual([
      { key: keyId, asked: JSON.stringify(chat), status: 401, at: expect.any(Number) as number },
      { key: keyId, asked: JSON.stringify(chat), status: 200, at: expect.any(Number) as number },
    ]);
  });

  it('is refused with one space too many', async () => {
    const { value } = lab.createUserKey('by hand');

    expect((await ask('GET', '/models', { key: ` ${value}` })).status).toBe(401);
  });

  it('is refused while it settles, unless it is older than the lab', async () => {
    let now = Date.UTC(2030, 0, 1);
    await start({ propagationMs: 5000, clock: () => now });
    const { value } = await createAccount('fresh');
    const old = lab.createServiceAccount('old').keys[0];

    const first = await ask('GET', '/models', { key: value });

    expect([first.status, lab.works(value), lab.works(old?.value ?? '')]).toEqual([401, false, true]);
    now += 5000;
    expect((await ask('GET', '/models', { key: value })).status).toBe(200);
  });

  it('shows its last use in whole seconds of the lab’s clock, counting accepted calls only', async () => {
    let now = 1_700_000_000_900;
    await start({ clock: () => now });
    const { id, value } = lab.createUserKey('by hand');
    const lastUsed = async (): Promise<unknown> => (await ask('GET', inProject(`/api_keys/${id}`))).at('last_used_at');

    expect(await lastUsed()).toBeNull();
    await ask('GET', '/models', { key: value });
    expect(await lastUsed()).toBe(1_700_000_000);
    now += 200;
    await ask('POST', '/embeddings', { key: value, body: { model: 'any', input: 'x' } });
    expect(await lastUsed()).toBe(1_700_000_001);
    now += 5000;
    await ask('GET', '/models', { key: `${value}x` });
    expect(await lastUsed()).toBe(1_700_000_001);
    expect(lab.keys()[0]?.lastUsedAt).toBe(1_700_000_001);
  });

  it('shows its first use within a resolution alone, and that only after a lag', async () => {
    let now = 1_700_000_000_000;
    await start({ clock: () => now, usageResolutionMs: 900_000, usageLagMs: 3_600_000 });
    const { value } = lab.createUserKey('by hand');
    const shownAfter = async (ms: number): Promise<unknown> => {
      now += ms;
      return (await ask('GET', inProject('/api_keys'))).at('data', 0, 'last_used_at');
    };
    const use = () => ask('GET', '/models', { key: value });

    await use();
    now += 899_000;
    await use(); // too soon after the first one to be noted
    now += 1_000;
    await use();

    expect(await shownAfter(2_699_000)).toBeNull();
    expect(await shownAfter(1_000)).toBe(1_700_000_000);
    expect(await shownAfter(899_000)).toBe(1_700_000_000);
    expect(await shownAfter(1_000)).toBe(1_700_000_900);
  });

  it('is deleted by itself, also where a service account has it; the account and its other keys stay', async () => {
    const { id, keys } = lab.createServiceAccount('engine', 2);

    expect((await ask('DELETE', inProject(`/api_keys/${keys[0]?.id}`))).status).toBe(200);

    expect(keys.map(({ value }) => lab.works(value))).toEqual([false, true]);
    expect((await ask('GET', inProject(`/service_accounts/${id}`))).status).toBe(200);
  });

  it('of a service account could not be deleted by itself in an older API, one of a person could, once', async () => {
    await start({ deletesWithAccount: true });
    const { id } = lab.createUserKey('by hand');
    const owned = lab.createServiceAccount('engine').keys[0];

    expect((await ask('DELETE', inProject(`/api_keys/${owned?.id}`))).status).toBe(400);
    expect((await ask('DELETE', inProject(`/api_keys/${id}`))).status).toBe(200);
    expect((await ask('DELETE', inProject(`/api_keys/${id}`))).status).toBe(404);
    expect(lab.works(owned?.value ?? '')).toBe(true);
  });
});

describe('a service account', () => {
  it('takes all of its keys with it', async () => {
    const account = await createAccount('engine');
    const second = await ask('POST', inProject(`/service_accounts/${account.id}/api_keys`), { body: {} });

    await ask('DELETE', inProject(`/service_accounts/${account.id}`));

    expect(lab.works(account.value)).toBe(false);
    expect(lab.works(second.string('value'))).toBe(false);
    expect((await ask('GET', inProject(`/service_accounts/${account.id}`))).status).toBe(404);
  });

  it('may have the same name as another', async () => {
    const [first, second] = [await createAccount('engine'), await createAccount('engine')];

    expect(first.id).not.toBe(second.id);
  });

  it('without access to the project is left out of the keys unless they are all asked for', async () => {
    const bare = await ask('POST', inProject('/service_accounts'), {
      body: { name: 'bare', create_service_account_only: true },
    });
    await ask('POST', inProject(`/service_accounts/${bare.string('id')}/api_keys`));

    expect(bare.json).toMatchObject({ role: 'none', api_key: null });
    expect((await ask('GET', inProject('/api_keys'))).list('data')).toHaveLength(0);
    expect((await ask('GET', inProject('/api_keys?owner_project_access=any'))).list('data')).toHaveLength(1);
    expect((await ask('GET', inProject('/api_keys?owner_project_access=inactive'))).list('data')).toHaveLength(1);
  });

  it('is not taken by the default project, nor without a name, nor by an unknown project', async () => {
    const body = { name: 'engine' };

    const inDefault = await ask('POST', `/organization/projects/${lab.defaultProject}/service_accounts`, { body });

    expect(inDefault.status).toBe(400);
    expect((await ask('POST', inProject('/service_accounts'), { body: {} })).status).toBe(400);
    expect((await ask('POST', '/organization/projects/proj_none/service_accounts', { body })).status).toBe(404);
  });
});

describe('lists', () => {
  it('come in pages, and a cursor survives the deletion of what it names', async () => {
    const accounts = Array.from({ length: 5 }, (_, i) => lab.createServiceAccount(`engine ${i}`));

    const first = await ask('GET', inProject('/service_accounts?limit=2'));
    await ask('DELETE', inProject(`/service_accounts/${first.string('last_id')}`));
    const second = await ask('GET', inProject(`/service_accounts?limit=2&after=${first.string('last_id')}`));
    const last = await ask('GET', inProject(`/service_accounts?limit=2&after=${second.string('last_id')}`));

    expect([first, second, last].map((page) => page.at('has_more'))).toEqual([true, true, false]);
    expect([first, second, last].flatMap((page) => page.list('data'))).toMatchObject(
      accounts.map(({ id }) => ({ id })),
    );
  });

  it('have 20 items unless told otherwise, and never more than 100', async () => {
    for (let i = 0; i < 21; i += 1) lab.createUserKey(`key ${i}`);

    expect((await ask('GET', inProject('/api_keys'))).list('data')).toHaveLength(20);
    expect((await ask('GET', inProject('/api_keys?limit=101'))).status).toBe(400);
    expect((await ask('GET', inProject('/api_keys?after=key_none'))).status).toBe(400);
  });
});

describe('administration', () => {
  it('is refused without a key, with a project’s key, and for writes with a read-only key', async () => {
    const { value } = lab.createUserKey('by hand');
    const write = { key: lab.readOnlyAdminKey, body: { name: 'engine' } };

    const bare = await call(`${lab.baseUrl}${inProject('')}`);

    expect(bare.status).toBe(401);
    expect((await ask('GET', inProject(''), { key: value })).status).toBe(401);
    expect((await ask('GET', inProject(''), { key: lab.readOnlyAdminKey })).status).toBe(200);
    const refused = await ask('POST', inProject('/service_accounts'), write);
    expect(refused.status).toBe(401);
    expect(refused.string('error', 'message')).toContain('Missing scopes');
    expect(lab.keys()).toHaveLength(1);
  });

  it('is not open to models, nor are models to it', async () => {
    expect((await ask('GET', '/models')).status).toBe(401);
    expect((await ask('GET', '/nowhere')).status).toBe(404);
  });

  it('stamps every answer with the lab’s time and a request id', async () => {
    await start({ clock: () => Date.UTC(2030, 0, 1) });

    const answers = [await ask('GET', inProject('')), await ask('GET', '/models', { key: 'wrong' })];

    for (const { headers } of answers) {
      expect(headers.get('date')).toBe('Tue, 01 Jan 2030 00:00:00 GMT');
      expect(headers.get('x-request-id')).toMatch(/^req_/);
    }
  });
});

describe('a chat', () => {
  async function chat(content: string): Promise<unknown> {
    const { value } = lab.createUserKey('engine');
    const body = { model: 'any', messages: [{ role: 'user', content }] };
    const answer = await ask('POST', '/chat/completions', { key: value, body });
    return JSON.parse(answer.string('choices', 0, 'message', 'content'));
  }

  it('finds every text readable and every document a letter', async () => {
    expect(await chat('Give a quality_score for this text')).toMatchObject({
      quality_score: 95,
      is_good_quality: true,
    });
    expect(await chat('Extract the metadata')).toMatchObject({ document_type: 'Letter', tags: ['letter'] });
  });
});
