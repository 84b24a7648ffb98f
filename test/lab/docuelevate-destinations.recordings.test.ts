import { FormData } from 'undici';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { SimulatedPeer } from '../../src/lab/docuelevate/peers.js';
import { type NextcloudLab, startNextcloudLab } from '../../src/lab/nextcloud/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../src/lab/openai/server.js';
import { type PaperlessLab, startPaperlessLab } from '../../src/lab/paperless/server.js';
import { type SftpLab, startSftpLab } from '../../src/lab/sftp/server.js';
import { describeRecording, type Exchange, leaveTally, readRecording } from '../support/recordings.js';
import type { Reply } from './call.js';
import { comparable, withoutIds } from './docuelevate-comparison.js';
import { both, bothAnswers } from './docuelevate-replay.js';
import { recordedPeers, type RecordedPeers } from './docuelevate-peers.js';
import { idle, visit, type Visitor } from './docuelevate-visitor.js';
import { type Played, replay } from './replay.js';
import { startWebDavServer, type WebDavServer } from './webdav-server.js';

const file = 'docuelevate-0.188.6-destinations.json';
const [oldPassword, newPassword] = ['Dav-old-pass-1', 'Dav-new-pass-2'];

let openAi: OpenAiLab;
let server: WebDavServer;
let sftp: SftpLab;
let nextcloud: NextcloudLab;
let paperless: PaperlessLab;
let peers: RecordedPeers;
/** What stands for the recording's values, which the simulated servers choose themselves. */
const values = new Map<string, string>();
let lab: DocuElevateLab;
let admin: Visitor;
let now = Date.UTC(2030, 0, 1);
let before = { puts: 0, logins: 0, clouds: 0, papers: 0, ftp: [0, 0], mail: [0, 0] };
let handedIn = 0;

async function begin(): Promise<void> {
  [openAi, server, sftp] = [
    await startOpenAiLab(),
    await startWebDavServer('dedav', oldPassword),
    await startSftpLab(),
  ];
  [nextcloud, paperless] = [await startNextcloudLab(), await startPaperlessLab({ release: 2 })];
  values.set('Nc-old-pass-1', nextcloud.createAppPassword('old'));
  values.set('a1b2c3d4e5f60718293a4b5c6d7e8f9001020304', paperless.generateToken());
  values.set('Sftp-old-pass-1', sftp.password).set('Sftp-new-pass-2', sftp.password);
  const { port, username, hostKey } = sftp;
  const ai = { openAiBaseUrl: openAi.baseUrl, openAiKey: openAi.createUserKey('engine').value };
  peers = recordedPeers();
  lab = await startDocuElevateLab({
    ...{ ...ai, sftp: { port, username, hostKey }, clock: () => now },
    peers: { '127.0.0.1:27021': peers.ftp, 'localhost:27025': peers.mail },
  });
  admin = visit(lab);
  await admin.login();
}

const acts: Readonly<Record<number, () => unknown>> = {
  10() {
    server.password = newPassword;
    peers.ftp.accepts['password'] = 'Ftp-new-pass-2';
    peers.mail.accepts['password'] = 'Smtp-new-pass-2';
    lab.editSetting('sftp_password', 'of another server', 'admin'); // as if the server's had been changed
    nextcloud.kill(values.get('Nc-old-pass-1') ?? '');
    values.set('Nc-new-pass-2', nextcloud.createAppPassword('new'));
    values.set('ffb2c3d4e5f60718293a4b5c6d7e8f9001020399', paperless.generateToken());
  },
};

const notPlayed: Readonly<Record<number, string>> = {
  13: 'the simulated worker has no log of its own',
  25: 'the simulated worker has no log of its own',
};

async function send({ request }: Exchange): Promise<Reply> {
  const { method = '', path = '', bodyKind, body } = request ?? {};
  if (bodyKind !== 'multipart') return admin.send(method, path, body ? { json: known(body as Setting) } : {});
  before = {
    ...{ puts: server.log.length, logins: sftp.requests.length },
    ...{ clouds: nextcloud.requests.length, papers: paperless.requests.length },
    ftp: [peers.ftp.logins.length, peers.ftp.taken.length],
    mail: [peers.mail.logins.length, peers.mail.taken.length],
  };
  handedIn = now;
  const form = new FormData();
  form.append('file', new Blob([`(A letter of ${now}) Tj`], { type: 'application/pdf' }), 'keyturn-test.pdf');
  for (const [field, value] of Object.entries(body as Record<string, string>))
    if (field !== 'file') form.append(field, value);
  const reply = await admin.send(method, path, { body: form });
  await idle(lab);
  return reply;
}

interface Setting {
  readonly key: string;
  readonly value: string;
}

function known(setting: Setting): Setting {
  return { ...setting, value: values.get(setting.value) ?? setting.value };
}

function addresses(): Readonly<Record<string, string>> {
  return {
    webdav_url: `${server.url}/`,
    ...{ nextcloud_upload_url: nextcloud.uploadUrl, nextcloud_username: nextcloud.username },
    paperless_host: paperless.url,
  };
}

async function observe({ observed, data }: Exchange): Promise<Played> {
  if (observed === 'settings') {
    for (const [key, value] of Object.entries(data as Record<string, string>))
      if (/^(webdav|nextcloud|paperless|ftp|dest_email)/.test(key))
        lab.editSetting(key, addresses()[key] ?? value, 'admin');
    return { real: true, simulated: true };
  }
  if (observed?.startsWith('seconds')) return { real: true, simulated: await healedByItsRetry() };
  const [ftp, mail] = [sinceThen(peers.ftp, before.ftp), sinceThen(peers.mail, before.mail)];
  const proftpd = [
    ...ftp.logins.map(({ accepted }) => `PASS ${accepted ? 230 : 530}`),
    ...ftp.taken.map(() => 'STOR 226'),
  ];
  const auth = mail.logins.map(({ accepted: ok }) => JSON.stringify({ event: 'auth', ok }));
  const smtp = [...auth, ...mail.taken.map((subject) => JSON.stringify({ event: 'message', subject }))];
  const seen = { apache: server.log.slice(before.puts), proftpd, sshd: logins(), smtp, stub: asked() };
  return both(logsOf(data as Logged), logsOf(seen));
}

function sinceThen({ logins, taken }: SimulatedPeer, [login = 0, document = 0]: readonly number[]) {
  return { logins: logins.slice(login), taken: taken.slice(document) };
}

interface Logged {
  readonly apache: readonly string[];
  /** Each password and each document. */
  readonly proftpd: readonly string[];
  readonly sshd: readonly string[];
  readonly smtp: readonly string[];
  /** What Nextcloud and Paperless were asked, and whether they took the password or the token. */
  readonly stub: readonly string[];
}

/** Of what servers log: what was asked and how it was answered, without the time and the port. */
function logsOf({ apache, proftpd, sshd, smtp, stub }: Logged): object {
  return {
    apache: apache.map((line) => line.replace(/^\[.*?\] /, '').replace(/(Letter)(-\d{4})?/, '$1')),
    proftpd: proftpd.flatMap((line) => /(?:PASS|STOR) \d+/.exec(line) ?? []),
    sshd: sshd.map((line) => line.replace(/ for .*/, '')),
    smtp: smtp.map((line) => {
      const { event, ok, subject } = JSON.parse(line) as Readonly<Record<string, string>>;
      return { event, ok, subject: subject?.replace(/(Letter)(-\d{4})?/, '$1') };
    }),
    stub: [...new Set(stub.map(askedOf))].sort(), // Paperless is asked as often as it takes
  };
}
function askedOf(line: string): string {
  const { who, method, path, ok } = JSON.parse(line) as Readonly<Record<string, string>>;
  const own = path
    ?.replace(/files\/\w+/, 'files/<user>')
    .replace(/(Letter)(-\d{4})?/, '$1')
    .replace(/\?.*/, '');
  return `${who} ${method} ${own} ${ok}`;
}
function asked(): string[] {
  const requests = [
    ...nextcloud.requests.slice(before.clouds).map((request) => ({ who: 'nextcloud', ...request })),
    ...paperless.requests.slice(before.papers).map((request) => ({ who: 'paperless', ...request })),
  ];
  return requests.map((request) => JSON.stringify({ ...request, ok: request.status !== 401 }));
}
function logins(): string[] {
  const found = sftp.requests.slice(before.logins).filter(({ method }) => method === 'LOGIN');
  return found.map(({ status }) => `${status === 401 ? 'Failed' : 'Accepted'} password`);
}

/** The failed document arrives when its uploads are tried again, with the values of then: within 72 seconds of the failure. */
async function healedByItsRetry(): Promise<boolean> {
  now = handedIn + 80_000;
  await idle(lab);
  return lab.files().find(({ id }) => id === 2)?.status === 'completed';
}

async function play(exchange: Exchange, index: number): Promise<Played> {
  if (index === 0) await begin();
  now = Math.max(now, Date.UTC(2030, 0, 1) + (exchange.at ?? 0) * 1000);
  await acts[index]?.();
  const why = notPlayed[index];
  if (why !== undefined) return { notPlayed: why };
  if (exchange.observed !== undefined) return observe(exchange);
  const answers = bothAnswers(exchange, await send(exchange));
  if ('notPlayed' in answers) return answers;
  const sides = [comparable(answers.real, answers.real), comparable(answers.simulated, answers.real)] as const;
  const [real, simulated] = sides.map((side) => withoutLength(withoutIds(side), exchange));
  return { real, simulated };
}

/** The masked form tells of a value that a simulated server chose. */
function withoutLength(side: unknown, { request }: Exchange): unknown {
  const { key } = (request?.body ?? {}) as Partial<Setting>;
  return /^(sftp_password|nextcloud_password|paperless_ngx_api_token)$/.test(key ?? '')
    ? JSON.parse(JSON.stringify(side).replace(/"value":"[^"]+"/, '"value":"<masked>"'))
    : side;
}

describeRecording('the destinations of the simulated DocuElevate', () => {
  it('succeed, fail and are tried again as those of the real one', async () => {
    const { differences, tally } = await replay(readRecording(file).exchanges, play);

    await Promise.all([lab.stop(), openAi.stop(), server.stop(), sftp.stop(), nextcloud.stop(), paperless.stop()]);
    leaveTally(file, tally);
    expect(differences).toEqual([]);
  });
});
