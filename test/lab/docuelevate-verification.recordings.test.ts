import { FormData } from 'undici';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { type NextcloudLab, startNextcloudLab } from '../../src/lab/nextcloud/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../src/lab/openai/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { type SftpLab, startSftpLab } from '../../src/lab/sftp/server.js';
import { describeRecording, type Exchange, leaveTally, readRecording } from '../support/recordings.js';
import { both, bothAnswers } from './docuelevate-replay.js';
import { idle, visit, type Visitor } from './docuelevate-visitor.js';
import { call, type Reply } from './call.js';
import { comparable, type Line, withoutIds } from './docuelevate-comparison.js';
import { recordedPeers, type RecordedPeers, startPaperlessStandIn } from './docuelevate-peers.js';
import { type Played, replay } from './replay.js';
import { startWebDavServer, type WebDavServer } from './webdav-server.js';

const file = 'docuelevate-0.188.6-verification.json';

let openAi: OpenAiLab;
let server: WebDavServer;
let sftp: SftpLab;
let nextcloud: NextcloudLab;
let paperless: LabServer;
let peers: RecordedPeers;
let lab: DocuElevateLab;
let admin: Visitor;
let [begun, now] = [Date.UTC(2030, 0, 1), Date.UTC(2030, 0, 1)];
/** How much there was of everything before the entry that is followed by what it led to. */
let seen = { lines: 0, calls: 0, puts: 0 };
let task = '';
/** Which document is looked at. */
let document = 1;

async function begin(): Promise<void> {
  [openAi, server, sftp] = [await startOpenAiLab(), await startWebDavServer('dedav', 'right'), await startSftpLab()];
  const webdav = { url: `${server.url}/`, username: 'dedav', password: 'right', folder: 'docs' };
  [nextcloud, paperless, peers] = [await startNextcloudLab(), await startPaperlessStandIn(), recordedPeers()];
  const { port, username, hostKey, password } = sftp;
  const ai = { openAiBaseUrl: openAi.baseUrl, openAiKey: openAi.createUserKey('engine').value };
  lab = await startDocuElevateLab({
    ...ai,
    webdav,
    nextcloud: {
      ...{ url: nextcloud.uploadUrl, username: nextcloud.username, folder: 'Archive' },
      password: nextcloud.createAppPassword('engine'),
    },
    sftp: { port, username, hostKey, password },
    paperless: { host: paperless.url, token: 'paperless-old' },
    environment: {
      ...{ ftp_host: 'ftp.example.test', ftp_username: 'deftp', ftp_password: 'Ftp-old-pass-1' },
      ...{ dest_email_host: 'localhost', dest_email_username: 'postman', dest_email_password: 'Smtp-old-pass-1' },
      dest_email_default_recipient: 'archive@example.test',
      ...{ dropbox_enabled: 'false', dropbox_app_key: 'dbxkey1', dropbox_app_secret: 'dbx-old-secret1' },
      ...{ google_drive_client_id: 'g-client', google_drive_client_secret: 'GOCSPX-old-secret1' },
      ...{ google_drive_refresh_token: '1//g-refresh-old1', google_drive_folder_id: 'folder' },
    },
    peers: {
      'ftp.example.test:21': peers.ftp,
      'localhost:587': peers.mail,
      'api.dropboxapi.com': peers.dropbox,
      'oauth2.googleapis.com': peers.google,
    },
    clock: () => now,
  });
  admin = visit(lab);
  await admin.login();
}

/** What a person did before an entry of the recording, as its name and what followed tell. */
const before: Readonly<Record<number, () => unknown>> = {
  0: begin,
  10: () => (peers.ftp.refusal = '550 2026-01-01_Letter-0019.pdf: Overwrite permission denied'),
  24: () => lab.editSetting('webdav_enabled', 'false', 'admin'),
  26: () => lab.editSetting('webdav_enabled', 'true', 'admin'),
  28: () => (server.password = 'another'),
  33: () => (server.password = 'right'),
  43: async () => {
    for (const name of ['webdav', 'sftp', 'ftp', 'dest_email']) lab.editSetting(`${name}_enabled`, 'false', 'admin');
    lab.editSetting('google_drive_use_oauth', 'true', 'admin');
    await handIn('Another letter', { source: 'keyturn', idempotency_key: 'the second one' });
    lab.editSetting('google_drive_use_oauth', 'false', 'admin');
  },
  50: () => {
    document = 2;
    lab.editSetting('task_retry_delays', '60,300,900', 'admin');
    lab.editSetting('google_drive_use_oauth', 'true', 'admin');
    lab.editSetting('dropbox_refresh_token', 'revoked', 'admin');
  },
  54: () => (peers.google.accepts['refresh_token'] = 'another'),
};

const notPlayed: Readonly<Record<number, string>> = {
  31: 'the worker’s own log, which no client sees; the same tries are in the log of the document, which is compared',
  49: 'a file in the work folder of the real worker, which no client sees',
  64: 'nothing happens for half a minute, since nothing was queued',
};

const linesOf = async (): Promise<Line[]> => {
  const lines = ((await admin.get(`/api/files/${document}`)).at('logs') ?? []) as Line[];
  return lines.sort((a, b) => a.id - b.id);
};

async function handIn(text: string, fields: Readonly<Record<string, string>>): Promise<Reply> {
  const form = new FormData();
  form.append('file', new Blob([`(${text}) Tj`], { type: 'application/pdf' }), 'keyturn-test.pdf');
  for (const [field, value] of Object.entries(fields)) if (field !== 'file') form.append(field, value);
  const reply = await admin.send('POST', '/api/intake/documents', { body: form });
  await idle(lab);
  return reply;
}

async function send({ request, name }: Exchange): Promise<Reply> {
  const { method = '', path = '', auth, bodyKind, body } = request ?? {};
  const own = path.replace(/\/files\/(20|48)(?=\D|$)/, `/files/${document}`).replace(/task\/.*/, `task/${task}`);
  seen = { lines: (await linesOf()).length, calls: openAi.requests.length, puts: server.log.length };
  if (auth === 'Bearer API token')
    return call(lab.url + own, { method, headers: { authorization: `Bearer ${lab.apiToken}` } });
  const reply =
    bodyKind === 'multipart'
      ? await handIn('The letter that is kept', body as Record<string, string>)
      : await admin.send(method, own, body ? { json: body } : {});
  if (method === 'POST' && reply.at('task_id') !== undefined) task = reply.string('task_id');
  if (name !== 'retry-subtask with a dead password') await idle(lab);
  return reply;
}

/** What the last request led to, as far as it is the same each time. */
async function follows() {
  await idle(lab);
  const lines = (await linesOf()).slice(seen.lines);
  const newLines = lines.map(({ step_name, status, message, task_id }) => ({
    ...{ step: step_name, status, message, ofTheTask: task_id === task },
  }));
  return { newLines, aiCalls: callsSince(seen.calls), apache: server.log.slice(seen.puts) };
}
function callsSince(from: number): string[] {
  return openAi.requests.slice(from).map(({ method, path, status }) => `${method} ${path} ${status}`);
}

async function observe({ observed = '', data }: Exchange): Promise<Played> {
  if (observed === 'OpenAI stand-in') return both(data, callsSince(0));
  if (observed === 'names in docs/') return both(namesOf(data), [...server.names].map(nameOf));
  if (observed === 'names') return both(namesOf(data), sftpNames());
  if (observed === 'worker log') return both({ checked: 1, failures: 0 }, await checked());
  const { apache, ...others } = await follows();
  if (observed === 'GET /api/files/{id}') return both(ofTheDocument(data), await theDocument(others.newLines));
  return both(ofTheFirstTry(data), ofTheFirstTry('apache' in (data as object) ? { ...others, apache } : others));
}

interface Seen {
  readonly newLines: readonly unknown[];
  readonly status: { readonly status: string; readonly has_errors: boolean };
}

/** New lines under the document, and how it stands. */
function ofTheDocument(data: unknown): object {
  const { newLines, status } = data as Seen;
  return { newLines, status: status.status, has_errors: status.has_errors };
}
async function theDocument(lines: readonly { step: string; status: string; message: string }[]): Promise<object> {
  const status = (await admin.get(`/api/files/${document}`)).at('processing_status') as Seen['status'];
  return ofTheDocument({ newLines: lines.map(({ step, status, message }) => [step, status, message]), status });
}

/** Of the kept document alone: the real servers had others. */
function namesOf(data: unknown): string[] {
  return (data as string[]).filter((name) => name.includes('Letter-0019')).map(nameOf);
}
function nameOf(path: string): string {
  return path.replace(/^.*\//, '').replace(/(-\d{4})?_\d{8}_\d{6}/, '<number>_<time>');
}
function sftpNames(): string[] {
  const written = sftp.requests.filter(({ method }) => method === 'WRITE').map(({ path }) => nameOf(path));
  return [...new Set(written)].sort((a, b) => a.length - b.length);
}
async function checked(): Promise<object> {
  const found = Object.values(await lab.checkCredentials());
  return { checked: found.length, failures: found.filter((good) => !good).length };
}

/** When a retry comes is chance, and lines of other destinations came in between. */
function ofTheFirstTry(data: unknown): unknown {
  const { newLines, aiCalls, apache } = data as {
    newLines: { ofTheTask: boolean; status: string }[];
    aiCalls: [];
    apache: string[];
  };
  const own = newLines.filter(({ ofTheTask }) => ofTheTask);
  const second = own.findIndex(({ status }, at) => at > 0 && status === 'in_progress');
  return {
    newLines: second < 0 ? own : own.slice(0, second),
    aiCalls,
    ...(apache ? { apache: apache.slice(0, 1) } : {}),
  };
}

/** The lab's clock goes on as the recording's, in steps in which retries get their turn. */
async function tick(at: number): Promise<void> {
  begun = Math.max(begun, now - at);
  while (now < begun + at) {
    now = Math.min(begun + at, now + 2000);
    if (now - begun > 50_000) await idle(lab);
  }
}

/** Of the scheduled jobs those, and of each what was kept; the words of the vendor aside. */
function ofTheJobs({ json, request }: Exchange, reply: Reply): Reply {
  if (request?.path !== '/api/admin/scheduled-jobs') return reply;
  const kept = json as Record<string, unknown>[];
  const jobs = reply.json as Record<string, unknown>[];
  const wanted = kept.map((job) => {
    const found = jobs.find(({ id }) => id === job['id']) ?? {};
    return Object.fromEntries(Object.entries(found).filter(([name]) => name in job));
  });
  return { ...reply, json: wanted };
}

async function play(exchange: Exchange, index: number): Promise<Played> {
  await tick((exchange.at ?? 0) * 1000);
  await before[index]?.();
  const why = notPlayed[index];
  if (why !== undefined) return { notPlayed: why };
  if (exchange.observed !== undefined) return observe(exchange);
  const answers = bothAnswers(exchange, ofTheJobs(exchange, await send(exchange)));
  if ('notPlayed' in answers) return answers;
  const [real, simulated] = [comparable(answers.real, answers.real), comparable(answers.simulated, answers.real)];
  return { real: withoutIds(real), simulated: withoutIds(simulated) };
}

describeRecording('the simulated DocuElevate, of how a value in use is verified,', () => {
  it('says and does what the real one did', async () => {
    const { differences, tally } = await replay(readRecording(file).exchanges, play);

    await Promise.all([lab, openAi, server, sftp, nextcloud, paperless].map((each) => each.stop()));
    leaveTally(file, tally);
    expect(differences).toEqual([]);
  });
});
