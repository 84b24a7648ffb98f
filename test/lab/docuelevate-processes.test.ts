import { Agent } from 'undici';
import {
  type DocuElevateLab,
  type DocuElevateLabOptions,
  startDocuElevateLab,
} from '../../src/lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../src/lab/openai/server.js';
import { call } from './call.js';
import { idle, visit, type Visitor } from './docuelevate-visitor.js';

const key = 'openai_api_key';
let lab: DocuElevateLab;
let admin: Visitor;
let now: number;

async function start(options: Partial<DocuElevateLabOptions> = {}): Promise<void> {
  await lab?.stop();
  lab = await startDocuElevateLab({ openAiKey: 'of the environment', clock: () => now, ...options });
  admin = visit(lab);
  await admin.login();
}
beforeEach(async () => {
  now = Date.UTC(2030, 0, 1);
  await start();
});
afterEach(() => lab.stop());

const write = (value: string) => admin.send('POST', `/api/settings/${key}`, { json: { key, value } });
const shown = async () => (await admin.get(`/api/settings/${key}`)).at('value');

describe('a worker that starts', () => {
  it('takes the rows while Redis knows of a change, and the environment when it does not', async () => {
    await write('of the database');
    lab.restartWorker();
    const told = lab.workerHolds(key);
    lab.emptyRedis();
    const lives = lab.workerHolds(key);
    lab.restartWorker();

    expect([told, lives, lab.workerHolds(key)]).toEqual(['of the database', 'of the database', 'of the environment']);
  });

  it('with an empty Redis is healed by a write of any setting, and by nothing less', async () => {
    await write('of the database');
    lab.emptyRedis();
    lab.restartWorker();

    await shown();
    lab.restartApi();
    await admin.send('POST', '/api/settings/no_such', { json: { key: 'no_such', value: 'x' } });
    const still = lab.workerHolds(key);
    await admin.send('POST', '/api/settings/webdav_enabled', { json: { key: 'webdav_enabled', value: 'true' } });

    expect([still, lab.workerHolds(key)]).toEqual(['of the environment', 'of the database']);
  });

  it('with another environment has the new value, where there is no row', async () => {
    lab.setEnvironment(key, 'changed');
    const before = [lab.workerHolds(key), lab.setting(key)];
    lab.restartWorker();

    expect([before, lab.workerHolds(key)]).toEqual([['of the environment', 'changed'], 'changed']);
    expect(await shown()).toBe('of t**************');
    lab.restartApi();
    expect(await shown()).toBe('********');
  });
});

describe('while Redis is down', () => {
  it('a write is stored and not announced, now and afterwards', async () => {
    await write('first');
    lab.workerHolds(key);
    lab.redisDown = true;

    expect((await write('second')).status).toBe(200);
    lab.redisDown = false;

    expect([lab.setting(key), lab.settingsVersion, lab.workerHolds(key)]).toEqual(['second', null, 'first']);
  });

  it('a worker with something unfinished dies of its return, and has the environment then', async () => {
    await start({ credentialChecks: true });
    await write('of the database');
    lab.workerHolds(key);

    lab.redisDown = true;
    lab.redisDown = false;

    expect(lab.workerHolds(key)).toBe('of the environment');
  });
});

describe('of several API processes', () => {
  async function over(dispatcher: Agent, method: string, body: string | null = null): Promise<unknown> {
    const cookies = { cookie: `session=${admin.cookie}`, 'x-csrf-token': admin.csrf() };
    const headers = { ...cookies, 'content-type': 'application/json' };
    return (await call(`${lab.url}/api/settings/${key}`, { method, headers, body, dispatcher })).at('value');
  }

  it('only the one that served a write knows it, and a connection stays with its process', async () => {
    await start({ apiProcesses: 3 });
    const connections = [1, 2, 3, 4].map(() => new Agent({ connections: 1 })) as [Agent, ...Agent[]];
    const [kept, ...others] = connections;

    await over(kept, 'POST', JSON.stringify({ key, value: 'sk-new-value' }));
    const again = [await over(kept, 'GET'), await over(kept, 'GET'), await over(kept, 'GET')];
    const fresh: unknown[] = [];
    for (const other of others) fresh.push(await over(other, 'GET'));

    await Promise.all(connections.map((each) => each.close()));
    expect(new Set(again)).toEqual(new Set(['sk-n********']));
    expect(fresh.map((value) => value === 'sk-n********')).toEqual([false, false, true]);
    expect(lab.workerHolds(key)).toBe('sk-new-value');
  });
});

describe("the worker's own check of its credentials", () => {
  let openAi: OpenAiLab;
  beforeEach(async () => {
    openAi = await startOpenAiLab({ clock: () => now });
    const openAiKey = openAi.createUserKey('engine').value;
    await start({ openAiBaseUrl: openAi.baseUrl, openAiKey, credentialChecks: true });
  });
  afterEach(() => openAi.stop());

  it('comes ten seconds after a start and every five minutes, with the values of the worker', async () => {
    const uses = async (seconds: number): Promise<number> => {
      now += seconds * 1000;
      await idle(lab);
      return openAi.requests.length;
    };

    expect([await uses(9), await uses(1), await uses(289), await uses(1), await uses(300)]).toEqual([0, 1, 1, 2, 3]);
    lab.restartWorker();
    expect(await uses(10)).toBe(4);
  });

  it('tells whether each service accepts them', async () => {
    const good = await lab.checkCredentials();
    await write('revoked');

    expect([good, await lab.checkCredentials()]).toEqual([{ 'AI Provider': true }, { 'AI Provider': false }]);
  });
});
