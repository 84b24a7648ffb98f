import { FormData } from 'undici';
import { settingKeys } from '../../src/lab/docuelevate/setting-keys.js';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../src/lab/openai/server.js';
import {
  describeRecording,
  type Exchange,
  leaveTally,
  readRecording,
  recordingsFolder,
} from '../support/recordings.js';
import { call, type Reply, until } from './call.js';
import { type History, madeBefore } from './docuelevate-audit-history.js';
import { comparable } from './docuelevate-comparison.js';
import { bothAnswers } from './docuelevate-replay.js';
import { idle, visit, type Visitor } from './docuelevate-visitor.js';
import { type Played, replay } from './replay.js';
import { startWebDavServer, type WebDavServer } from './webdav-server.js';

const file = 'docuelevate-0.188.6-audit.json';
const { exchanges } = readRecordingOrNothing();

let openAi: OpenAiLab;
let server: WebDavServer;
let lab: DocuElevateLab;
let people: Record<string, Visitor> = {};
let tinasToken = '';
let now = 0;

function readRecordingOrNothing(): { exchanges: readonly Exchange[] } {
  return recordingsFolder === undefined ? { exchanges: [] } : readRecording(file);
}

const at = (time: string): unknown => (now = Date.parse(`2026-11-28T${time}Z`));
const multiUser = (on: boolean): void => {
  lab.setEnvironment('multi_user_enabled', on ? 'true' : null);
  lab.restartApi();
};

async function begin(): Promise<void> {
  [openAi, server] = [await startOpenAiLab(), await startWebDavServer('dedav', 'Dav-mia-1')];
  const ai = { openAiBaseUrl: openAi.baseUrl, openAiKey: openAi.createUserKey('engine').value };
  lab = await startDocuElevateLab({ ...ai, adminPassword: 'Adm1n-real-pass-7731', clock: () => now });
  const rows = (exchanges[9]?.json as { db_settings: History['rows'] }).db_settings;
  people = { admin: await madeBefore(lab, { at, multiUser, rows }) };
  const environment = linesOf(exchanges[3]?.text ?? '').filter(({ key }) => !(key in rows) && !kept.test(key));
  for (const { key, value } of environment) lab.setEnvironment(key, value.replaceAll('*', 'x'));
}

/** What the lab was started with, or goes by. */
const kept = /^(openai_|admin_|notification_urls|task_retry_delays|multi_user)/;

function linesOf(text: string): { key: string; value: string }[] {
  const lines = text.split('\n').filter((line) => /^\w+=/.test(line));
  return lines
    .map((line) => ({ key: (line.split('=')[0] ?? '').toLowerCase(), value: line.replace(/^\w+=/, '') }))
    .filter(({ key }) => settingKeys.has(key));
}

async function person(name: string, password: string): Promise<Visitor> {
  const visitor = visit(lab);
  await visitor.login(password, name);
  people[name] = visitor;
  return visitor;
}

const tokenOf = async (name: string, body: object): Promise<string> =>
  (await people[name]?.send('POST', '/api/api-tokens/', { json: body }))?.string('token') ?? '';

function letter(name: string): FormData {
  const form = new FormData();
  form.append('file', new Blob([`(A letter of ${name}) Tj`], { type: 'application/pdf' }), `letter of ${name}.pdf`);
  return form;
}
async function documentOfMia(password: string): Promise<void> {
  server.password = password;
  await people['mia']?.send('POST', '/api/ui-upload', { body: letter(`mia ${now}`) });
  await idle(lab);
}

/** What a person did before an entry of the recording, as its name and what followed tell. */
const before: Readonly<Record<number, () => unknown>> = {
  0: async () => {
    await begin();
    at('20:00:21');
    await people['admin']?.login();
    multiUser(true);
  },
  13: async () => {
    at('20:00:23');
    await person('keyturn', 'keyturn-pass-12345');
    await tokenOf('keyturn', { name: 'keyturn' });
    await person('mia', 'mia-pass-12345');
    at('20:00:24');
    await person('tom', 'tom-pass-12345');
    for (const name of ['mia', 'tom']) {
      await tokenOf(name, { name: `${name} laptop`, expires_in_days: 30 });
      await tokenOf(name, { name: `${name} script` });
    }
    const headers = {
      authorization: `Bearer ${await tokenOf('mia', { name: 'mia used' })}`,
      'x-forwarded-for': '203.0.113.7',
    };
    await call(`${lab.url}/api/files`, { headers });
  },
  30: () => documentOfMia('Dav-mia-1'),
  33: () => documentOfMia('Dav-mia-2'),
  37: () => documentOfMia('Dav-mia-2'),
  41: () => documentOfMia('Dav-mia-2'),
  59: () => idle(lab),
  70: () => multiUser(false),
  71: async () => {
    at('20:12:12');
    multiUser(true);
    for (const id of [1, 2]) await people['admin']?.send('DELETE', `/api/admin/users/local/${id}`);
    await people['admin']?.send('PUT', '/api/admin/users/sso@example.test', { json: {} });
    const tina = { username: 'tina', email: 'tina@example.test', password: 'tina-pass-12345' };
    await people['admin']?.send('POST', '/api/admin/users/local', { json: tina });
    await person('tina', tina.password);
    tinasToken = await tokenOf('tina', { name: 'tina' });
    lab.beforeLine = () => new Promise(() => undefined); // the worker is not so far yet
  },
  76: async () => {
    lab.beforeLine = () => undefined;
    await people['tina']?.send('POST', '/api/ui-upload', { body: letter('tina') });
    await until(() => lab.files().some(({ name }) => name === 'letter of tina.pdf'));
    await people['admin']?.send('DELETE', '/api/admin/users/local/1');
  },
};

const notPlayed: Readonly<Record<number, string>> = {
  52: 'none of its 23 checks is about a credential, and nobody here asks for it',
  55: 'shows what the settings show as well, and nobody here asks GraphQL',
  56: 'shows nobody, and nobody here asks GraphQL',
};

async function send({ name, request, json }: Exchange): Promise<Reply> {
  const { method = '', path = '', auth = '', bodyKind, body } = request ?? {};
  const numbered = path.replace(/\/files\/(\d\d)/, (_, id: string) => `/files/${Number(id) - 38}`);
  if (auth.startsWith('Bearer'))
    return call(lab.url + numbered, { headers: { authorization: `Bearer ${tinasToken}` } });
  if (bodyKind === 'form') return signIn(body as Record<string, string>);
  const by = people[auth];
  if (!by) throw new Error(`nobody is ${auth}`);
  if (bodyKind !== 'multipart') return by.send(method, numbered, body === null ? {} : { json: here(body) });
  const form = new FormData();
  form.append('file', new Blob([`(${name}) Tj`], { type: 'application/pdf' }), 't.pdf');
  for (const field of ['idempotency_key', 'source'] as const) {
    const value = (json as Record<string, string>)[field];
    if (value !== undefined) form.append(field, value);
  }
  return by.send(method, numbered, { body: form });
}

async function signIn({ username = '', password = '' }: Record<string, string>): Promise<Reply> {
  const visitor = visit(lab);
  await visitor.get('/login');
  const fields = new URLSearchParams({ username, password, csrf_token: visitor.csrf() });
  const reply = await visitor.send('POST', '/auth', { body: fields });
  if (reply.headers.get('location') === '/onboarding') people[username] = visitor;
  return reply;
}

/** With the address of the WebDAV server that is here. */
function here(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body).replace(/http:\/\/127\.0\.0\.1:27080/, server.url));
}

/** An answer as the recorder kept it, and of the settings those that the lab has. */
function shaped(exchange: Exchange, reply: Reply): [Exchange, Reply] {
  const { status, request: { method } = { method: '' } } = exchange;
  const json = exchange.json as Record<string, unknown> | undefined;
  if (exchange.text?.includes('Source: effective')) {
    const known = linesOf(exchange.text).map(({ key, value }) => `${key.toUpperCase()}=${value}`);
    return [{ ...exchange, text: `${known.join('\n')}\n` }, reply];
  }
  if (Array.isArray(json) && method === 'GET') return [{ ...exchange, json: json.map(withoutMail) }, reply];
  if (json && 'detail' in json && status === 404) return [exchange, { ...reply, json: asNumberedThere(reply.json) }];
  if (json && 'count' in json) return [exchange, { ...reply, json: { ...json, count: reply.list('entries').length } }];
  if (json && 'one' in json) {
    const [database_url, redis_url] = ['database_url', 'redis_url'].map((key) => reply.at('settings', key));
    const [one, db_settings] = [{ database_url, redis_url }, reply.at('db_settings')];
    return [
      { ...exchange, json: { one: json['one'], db_settings: json['db_settings'] } },
      { ...reply, json: { one, db_settings } },
    ];
  }
  if (json && 'pagination' in json)
    return [exchange, { ...reply, json: { pagination: reply.at('pagination'), detail: null } }];
  return [exchange, reply];
}

/** No mail server is simulated, so none is asked. */
function withoutMail(row: unknown): unknown {
  const { integration_type } = row as { integration_type?: string };
  return integration_type === 'IMAP' ? { ...(row as object), last_used_at: null } : row;
}
function asNumberedThere(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer).replace(/ID (\d) not/, (_, id: string) => `ID ${Number(id) + 38} not`));
}

/** Line by line, so that a difference can be read. */
function inLines(answer: unknown): unknown {
  const { text } = answer as { text?: string };
  return text === undefined ? answer : { ...(answer as object), text: text.split('\n') };
}

async function play(exchange: Exchange, index: number): Promise<Played> {
  await before[index]?.();
  now = Date.parse(index < 71 ? '2026-11-28T20:00:14.250Z' : '2026-11-28T20:12:06Z') + (exchange.at ?? 0) * 1000;
  const why = notPlayed[index];
  if (why !== undefined) return { notPlayed: why };
  if (exchange.observed !== undefined) {
    const environment = lab.setting('multi_user_enabled') === 'true' ? ['MULTI_USER_ENABLED=true'] : [];
    return { real: exchange.data, simulated: { environment } };
  }
  const answers = bothAnswers(...shaped(exchange, await send(exchange)), `audit ${index}`);
  if ('notPlayed' in answers) return answers;
  return {
    real: inLines(comparable(answers.real, answers.real)),
    simulated: inLines(comparable(answers.simulated, answers.real)),
  };
}

describeRecording('the simulated DocuElevate, of what an audit asks,', () => {
  it('answers as the real one with several users did', async () => {
    const { differences, tally } = await replay(exchanges, play);

    await Promise.all([lab.stop(), openAi.stop(), server.stop()]);
    leaveTally(file, tally);
    expect(differences).toEqual([]);
  });
});
