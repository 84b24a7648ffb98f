import { randomUUID } from 'node:crypto';
import { Agent, FormData } from 'undici';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../src/lab/openai/server.js';
import { describeRecording, type Exchange, leaveTally, readRecording } from '../support/recordings.js';
import { call } from './call.js';
import { asKept, both, bothAnswers } from './docuelevate-replay.js';
import { idle, visit, type Visitor } from './docuelevate-visitor.js';
import { type Played, replay } from './replay.js';
import { startWebDavServer, type WebDavServer } from './webdav-server.js';

const file = 'docuelevate-0.188.6-environment.json';
const key = 'webdav_password';

let openAi: OpenAiLab;
let server: WebDavServer;
let lab: DocuElevateLab | undefined;
let admin: Visitor;
let begun = Date.UTC(2030, 0, 1);
let now = begun;

interface Setup {
  readonly apiProcesses?: number;
  readonly credentialChecks?: boolean;
  /** Where the server's address and user come from when no environment has them. */
  readonly inDatabase?: true;
}

/** One lab for each setup of the real one. */
async function begin({ apiProcesses = 1, credentialChecks = true, inDatabase }: Setup): Promise<void> {
  await lab?.stop();
  const ai = { openAiBaseUrl: openAi.baseUrl, openAiKey: openAi.createUserKey('engine').value };
  const given = { apiProcesses, credentialChecks, clock: () => now, uploadsPerMinute: 999 };
  lab = await startDocuElevateLab({ ...ai, ...given });
  admin = visit(lab);
  await admin.login();
  const rows = { webdav_url: `${server.url}/`, webdav_username: 'dedav', webdav_folder: 'docs' };
  if (inDatabase) for (const [name, value] of Object.entries(rows)) lab.editSetting(name, value, 'admin');
}
function engine(): DocuElevateLab {
  if (!lab) throw new Error('no lab has begun');
  return lab;
}
const write = (value: string, name = key) =>
  admin.send('POST', `/api/settings/${name}`, { json: { key: name, value } });

const [inEnvironment, inDotEnv, changedDotEnv] = ['Dav-env-pass-E', 'Dav-dotenv-pass-X', 'Dav-dotenv-pass-Y'];

/** What a person did before an entry of the recording, as its name and what followed tell. */
const before: Readonly<Record<number, () => unknown>> = {
  0: () => begin({}),
  4: () => engine().setDotEnv(key, inDotEnv),
  11: () => engine().setDotEnv(key, changedDotEnv),
  14: () => (server.password = changedDotEnv),
  21: () => (server.password = 'Dav-db-pass-D'),
  25: () => engine().setDotEnv(key, inDotEnv),
  46: () => write('Dav-db-pass-D'),
  48: () => engine().emptyRedis(),
  68: () => engine().emptyRedis(),
  70: () => (engine().settingsVersion = 'written by hand'),
  73: () => (engine().redisDown = true),
  74: () => (engine().redisDown = false),
  78: async () => {
    server.password = 'Dav-db-pass-many-3';
    await begin({ apiProcesses: 3 });
    engine().setDotEnv(key, inDotEnv);
    engine().editSetting(key, 'Dav-db-pass-D2', 'admin');
  },
  83: async () => {
    server.password = 'Dav-r12-1';
    await begin({ inDatabase: true });
    await write('Dav-r12-1');
  },
  85: () => ((server.password = 'Dav-r12-2'), (engine().redisDown = true)),
  91: () => (server.password = 'another one'),
  95: async () => {
    server.password = 'Dav-r12-2';
    await write('docs', 'webdav_folder');
  },
  96: async () => {
    server.password = 'Dav-r13-1';
    await begin({ credentialChecks: false, inDatabase: true });
    await write('Dav-r13-1');
  },
  98: () => ((server.password = 'Dav-r13-2'), (engine().redisDown = true)),
};

interface Restarted {
  /** Lines of the environment that the processes were started with. */
  readonly environment: readonly string[];
}

/** Starts the named processes with the recorded environment, but for the server's address. */
function restart(named: string, { environment }: Restarted): void {
  const lines = environment.map((line) => line.replace(/^(WEBDAV_URL)=.*/, `$1=${server.url}/`).split('='));
  const given = new Map(lines.map(([name = '', ...rest]) => [name.toLowerCase(), rest.join('=')]));
  for (const name of ['webdav_url', 'webdav_username', 'webdav_folder', key])
    engine().setEnvironment(name, given.get(name) ?? null);
  if (named.includes('api')) engine().restartApi();
  if (named.includes('worker')) engine().restartWorker();
}

const notPlayed: Readonly<Record<number, string>> = {
  67: 'the simulated worker has one process and no log of its own',
  75: 'this worker had died and nobody started it again; a supervisor starts the simulated one',
  77: 'this worker had died and nobody started it again; a supervisor starts the simulated one',
  93: 'the simulated supervisor needs no time',
};

const restarts = /^restart of /;

async function observe({ observed = '', data }: Exchange): Promise<unknown> {
  if (restarts.test(observed)) return (restart(observed, data as Restarted), data);
  if (observed === 'docuelevate:settings_version') return engine().settingsVersion ?? '';
  if (observed === 'keys') return engine().redisKeys();
  if (observed === 'process') return { alive: await livesThroughOutage() };
  if (observed === 'GET /api/settings/webdav_password') return readsOnNewConnections(data);
  const steps = observed.startsWith('upload_to_webdav') ? /^upload_to_webdav$/ : /^(queue|upload)_/;
  return uploads(steps);
}

/** Redis comes back; whether the worker still holds what only it and the database know. */
async function livesThroughOutage(): Promise<boolean> {
  engine().redisDown = true;
  engine().redisDown = false;
  await idle(engine());
  return engine().workerHolds(key) !== null;
}

/** How the step of a new document first ended. */
async function uploads(steps: RegExp): Promise<unknown> {
  const form = new FormData();
  form.append('file', new Blob([`(A letter ${randomUUID()}) Tj`], { type: 'application/pdf' }), 'letter.pdf');
  const task = (await admin.send('POST', '/api/ui-upload', { body: form })).string('task_id');
  await idle(engine());
  const { logs } = (await admin.get(`/api/logs/task/${task}`)).json as { logs: { file_id: number | null }[] };
  const id = logs.find(({ file_id }) => file_id !== null)?.file_id;
  const lines = (await admin.get(`/api/files/${id}`)).list('logs') as Record<
    'step_name' | 'status' | 'message',
    string
  >[];
  const ends = lines.filter(({ step_name, status }) => steps.test(step_name) && status !== 'in_progress');
  return ends.slice(0, 1).map(({ step_name, status, message }) => ({ step: step_name, status, message }));
}

/** How many of 40 reads show the newest value; of the others only whether there are any. */
async function readsOnNewConnections(data: unknown): Promise<unknown> {
  if (!('other' in (data as object)))
    for (let count = 0; count < 12; count++) await onNewConnection('POST', 'webdav_enabled', 'true');
  const counts = { new: 0, old: 0 };
  for (let count = 0; count < 40; count++) {
    const { length } = (await onNewConnection('GET', key)).string('value');
    counts[length === 'Dav-db-pass-many-3'.length ? 'new' : 'old'] += 1;
  }
  return counts;
}

async function onNewConnection(method: string, name: string, value?: string) {
  const dispatcher = new Agent();
  const headers = {
    cookie: `session=${admin.cookie}`,
    'x-csrf-token': admin.csrf(),
    'content-type': 'application/json',
  };
  const body = value === undefined ? {} : { body: JSON.stringify({ key: name, value }) };
  const reply = await call(`${engine().url}/api/settings/${name}`, { method, headers, dispatcher, ...body });
  await dispatcher.close();
  return reply;
}

const someOrAll = (counts: { new: number; old: number }): object => ({ new: counts.new > 0, old: counts.old > 0 });

/** The rest of what must differ here: how much had gone before, and whom the kernel or chance chose. */
function comparable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('new' in value) return someOrAll(value as { new: number; old: number });
  if ('alive' in value) return { alive: value.alive };
  const { json } = value as { json?: { history?: { id: number }[]; celery?: { scheduled: { name: string }[] } } };
  if (json?.history)
    return { ...value, json: { ...json, history: json.history.map((each) => ({ ...each, id: '<id>' })) } };
  if (!json?.celery) return value;
  const names = [...new Set(json.celery.scheduled.map(({ name }) => name))].sort();
  return { ...value, json: { celery: { ...json.celery, scheduled: names } } };
}

/** The lab's clock goes on as the recording's, which begins anew with each setup. */
function tick(seconds: number): void {
  if (begun + seconds * 1000 < now) begun = now - seconds * 1000;
  now = begun + seconds * 1000;
}

async function play(exchange: Exchange, index: number): Promise<Played> {
  tick(exchange.at ?? 0);
  await before[index]?.();
  const why = notPlayed[index];
  if (why !== undefined) return { notPlayed: why };
  if (exchange.observed !== undefined) return compared(exchange.data, await observe(exchange));
  const { method = '', path = '', body } = exchange.request ?? {};
  const reply = await admin.send(method, path, body === null ? {} : { json: body });
  const answers = bothAnswers(exchange, asKept(exchange, reply));
  return 'real' in answers ? compared(answers.real, answers.simulated) : answers;
}

function compared(real: unknown, simulated: unknown): Played {
  return both(comparable(real), comparable(simulated));
}

describeRecording('the simulated DocuElevate, of where a value comes from,', () => {
  it('says and does what the real one did', async () => {
    [openAi, server] = [await startOpenAiLab(), await startWebDavServer('dedav', inEnvironment)];

    const { differences, tally } = await replay(readRecording(file).exchanges, play);

    await Promise.all([lab?.stop(), openAi.stop(), server.stop()]);
    leaveTally(file, tally);
    expect(differences).toEqual([]);
  });
});
