import { FormData } from 'undici';
import { createPeer, type SimulatedPeer, words } from '../../src/lab/docuelevate/peers.js';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { describeRecording, type Exchange, leaveTally, readRecording } from '../support/recordings.js';
import { call, type Reply } from './call.js';
import { withoutIds } from './docuelevate-comparison.js';
import { both, bothAnswers } from './docuelevate-replay.js';
import { visit, type Visitor } from './docuelevate-visitor.js';
import { type Played, replay } from './replay.js';

const file = 'docuelevate-0.188.6-sign-in.json';
const begun = Date.UTC(2030, 0, 1);

let lab: DocuElevateLab;
let admin: Visitor;
let postOffice: SimulatedPeer;
let receiver: SimulatedPeer;
let now = begun;
let received = 0;

const receiverUrl = 'json://127.0.0.1:27090';

async function begin(): Promise<void> {
  postOffice = createPeer({ accepts: { username: 'postman', password: 'Smtp-acc-1' }, says: words.smtp });
  receiver = createPeer({ accepts: { url: [`${receiverUrl}/one`, `${receiverUrl}/two`] }, says: words.api });
  const environment = {
    ...{ email_host: 'localhost', email_port: '27025', email_username: 'postman', email_password: 'x' },
    document_intake_shared_owner_id: 'senders',
  };
  const peers = { 'localhost:27025': postOffice, '127.0.0.1:27090': receiver };
  lab = await startDocuElevateLab({ peers, environment, clock: () => now });
  admin = visit(lab);
  await admin.login();
  const probe = { email: 'probe@example.test', username: 'probe', password: 'probe-password-1' };
  await admin.send('POST', '/api/admin/users/local', { json: probe });
}

/** What a person did before an entry of the recording, as its name and what followed tell. */
const before: Readonly<Record<number, () => unknown>> = {
  0: begin,
  38: () => {
    postOffice.logins.length = 0; // the server's log begins here
  },
  40: () => (postOffice.accepts['password'] = 'Smtp-acc-2'),
  41: () => lab.editSetting('email_password', 'Smtp-acc-2', 'admin'),
  42: () => lab.editSetting('email_port', '27026', 'admin'),
  48: () => lab.editSetting('notification_urls', `${receiverUrl}/two`, 'admin'),
  50: () => lab.restartApi(),
  54: () => {
    lab.restartApi();
    receiver.accepts['url'] = [];
  },
  60: () => lab.editSetting('document_intake_shared_secret', 'intake-secret-new-1234567890', 'admin'),
};

const bySignIn = 'a sign-in at another provider is not simulated: no request of DocuElevate tries its secret alone';
const notPlayed: Readonly<Record<number, string>> = {
  ...Object.fromEntries(
    [1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 21, 22, 23, 24, 25, 26, 27, 29, 30, 31, 33, 34, 35, 36].map(
      (index) => [index, bySignIn],
    ),
  ),
  20: 'a restart, which answers nothing',
  50: 'a restart, which answers nothing',
  51: 'the notice of a start is not simulated',
  54: 'a restart, which answers nothing',
};

/** Sends as nobody, or as a program with the headers that the recording names. */
async function byProgram({ request }: Exchange, index: number): Promise<Reply> {
  const named = (request?.auth ?? '').split(', ').map((each) => each.split(': '));
  const headers = Object.fromEntries(named.filter((pair): pair is [string, string] => pair.length === 2));
  const form = new FormData();
  form.append('file', new Blob([`(Letter ${index}) Tj`], { type: 'application/pdf' }), 't.pdf');
  form.append('source', 'keyturn');
  form.append('idempotency_key', `probe-${index}`);
  return call(`${lab.url}${request?.path}`, { method: 'POST', headers, body: form });
}

async function send(exchange: Exchange, index: number): Promise<Reply> {
  const { method = '', path = '', auth, bodyKind, body } = exchange.request ?? {};
  if (bodyKind === 'multipart') return byProgram(exchange, index);
  return (auth === 'none' ? visit(lab) : admin).send(method, path, body ? { json: body } : {});
}

function observe({ observed, data }: Exchange): Played {
  if (observed === 'log') {
    const logged = data as { event: string; ok?: boolean; subject?: string }[];
    const auth = logged.filter(({ event }) => event === 'auth').map(({ ok }) => ok);
    const mails = logged.flatMap(({ subject }) => subject ?? []);
    return both({ auth, mails }, { auth: postOffice.logins.map(({ accepted }) => accepted), mails: postOffice.taken });
  }
  const [paths, from] = [(data as { path: string }[]).map(({ path }) => path), received];
  received = receiver.taken.length;
  return both(
    paths,
    receiver.taken.slice(from).map((url) => url.replace(receiverUrl, '')),
  );
}

async function play(exchange: Exchange, index: number): Promise<Played> {
  await before[index]?.();
  now = begun + (exchange.at ?? 0) * 1000;
  const why = notPlayed[index];
  if (why !== undefined) return { notPlayed: why };
  if (exchange.observed !== undefined) return observe(exchange);
  const { real, simulated } = bothAnswers(exchange, await send(exchange, index)) as { real: object; simulated: object };
  const key = /"idempotency_key":"[^"]+"/;
  const [there, here] = [real, simulated].map((side) => JSON.stringify(withoutIds(side)).replace(key, '"key":0'));
  return { real: JSON.parse(there ?? '') as object, simulated: JSON.parse(here ?? '') as object };
}

describeRecording('the simulated DocuElevate, of account mails, notifications and shared secrets,', () => {
  it('answers as the real one did', async () => {
    const { differences, tally } = await replay(readRecording(file).exchanges, play);

    await lab.stop();
    leaveTally(file, tally);
    expect(differences).toEqual([]);
  });
});
