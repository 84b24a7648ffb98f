import { FormData } from 'undici';
import { createPeer, type SimulatedPeer, words } from '../../src/lab/docuelevate/peers.js';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../src/lab/openai/server.js';
import { type LabServer } from '../../src/lab/server.js';
import { describeRecording, type Exchange, leaveTally, readRecording } from '../support/recordings.js';
import type { Reply } from './call.js';
import { comparable, withoutIds } from './docuelevate-comparison.js';
import { startPaperlessStandIn } from './docuelevate-peers.js';
import { both, bothAnswers } from './docuelevate-replay.js';
import { idle, visit, type Visitor } from './docuelevate-visitor.js';
import { type Played, replay } from './replay.js';
import { startWebDavServer, type WebDavServer } from './webdav-server.js';

const file = 'docuelevate-0.188.6-mailboxes.json';
const begun = Date.UTC(2030, 0, 1);

let openAi: OpenAiLab;
let server: WebDavServer;
let paperless: LabServer;
let dovecot: SimulatedPeer;
/** The WebDAV server under a name that is not internal. */
let archive: SimulatedPeer;
let lab: DocuElevateLab;
let admin: Visitor;
let now = begun;
let logins = 0;
/** Number of the newest document. */
let document = 0;

async function begin(): Promise<void> {
  [openAi, server] = [await startOpenAiLab(), await startWebDavServer('dedav', 'Dav-new-pass-2')];
  paperless = await startPaperlessStandIn();
  dovecot = createPeer({ accepts: { username: 'inbox', password: 'Imap-old-pass-1' }, says: words.imap });
  archive = createPeer({ accepts: { username: 'dedav', password: 'Dav-new-pass-2' }, says: () => '401' });
  lab = await startDocuElevateLab({
    ...{ openAiBaseUrl: openAi.baseUrl, openAiKey: openAi.createUserKey('engine').value },
    webdav: { url: `${server.url}/`, username: 'dedav', password: 'Dav-new-pass-2', folder: 'docs' },
    paperless: { host: paperless.url, token: 'paperless-old' },
    environment: { imap1_host: 'mail.example.test', imap1_port: '27993', imap1_username: 'inbox' },
    peers: { 'mail.example.test:27993': dovecot, 'mail.example.test:27080': archive },
    ...{ mailboxPolls: true, clock: () => now },
  });
  admin = visit(lab);
  await admin.login();
}

/** What a person did before an entry of the recording, as its name and what followed tell. */
const before: Readonly<Record<number, () => unknown>> = {
  0: begin,
  12: () => (dovecot.accepts['password'] = 'Imap-new-pass-2'),
  22: () => (dovecot.accepts['password'] = 'Imap-newer-pass-3'),
  47: () => (server.password = 'Dav-newer-pass-3'),
};

async function handIn(fields: Readonly<Record<string, string>>): Promise<Reply> {
  document += 1;
  const form = new FormData();
  form.append('file', new Blob([`(Letter ${document}) Tj`], { type: 'application/pdf' }), 'keyturn-test.pdf');
  for (const [field, value] of Object.entries(fields)) if (field !== 'file') form.append(field, value);
  const reply = await admin.send('POST', '/api/intake/documents', { body: form });
  await idle(lab);
  return reply;
}

async function send({ request }: Exchange): Promise<Reply> {
  const { method = '', path = '', bodyKind, body } = request ?? {};
  if (bodyKind === 'multipart') return handIn(body as Record<string, string>);
  const own = path.replace(/^\/api\/files\/\d+/, `/api/files/${document}`);
  return admin.send(method, own, body ? { json: body } : {});
}

/** The logins of one poll of the minute, as the mail server saw them. The worker has no log of its own here. */
async function poll({ data }: Exchange): Promise<Played> {
  logins = dovecot.logins.length;
  now += 60_000;
  await admin.get('/api/imap-accounts/');
  await idle(lab);
  const real = (data as { dovecot: string[] }).dovecot.map((line) => line.includes('Info: Login:'));
  return both(
    real,
    dovecot.logins.slice(logins).map(({ accepted }) => accepted),
  );
}

/** The recorder kept times to the second, and here an account may be changed within the same one. */
function withoutTimes(answer: unknown): unknown {
  const text = JSON.stringify(answer).replaceAll(
    /"(updated_at|last_used_at|last_checked_at)":"[^"]*"/g,
    '"$1":"<time>"',
  );
  return JSON.parse(text);
}

/** The real one had destinations that have nothing to do with mailboxes and integrations. */
function withoutOthers(exchange: Exchange): Exchange {
  const { logs, ...json } = (exchange.json ?? {}) as { logs?: { step_name: string }[] };
  const own = logs?.filter(({ step_name }) => !/_(ftp|sftp|email|nextcloud|file)$/.test(step_name));
  return own ? { ...exchange, json: { ...json, logs: own } } : exchange;
}

async function play(exchange: Exchange, index: number): Promise<Played> {
  await before[index]?.();
  now = Math.max(now, begun + (exchange.at ?? 0) * 1000);
  if (exchange.observed !== undefined) return poll(exchange);
  const answers = bothAnswers(withoutOthers(exchange), await send(exchange));
  if ('notPlayed' in answers) return answers;
  const [real, simulated] = [comparable(answers.real, answers.real), comparable(answers.simulated, answers.real)];
  return { real: withoutTimes(withoutIds(real)), simulated: withoutTimes(withoutIds(simulated)) };
}

describeRecording('the mailboxes and integrations of the simulated DocuElevate', () => {
  it('are tested and polled as those of the real one', async () => {
    const { differences, tally } = await replay(readRecording(file).exchanges, play);

    await Promise.all([lab, openAi, server, paperless].map((each) => each.stop()));
    leaveTally(file, tally);
    expect(differences).toEqual([]);
  });
});
