import { FormData } from 'undici';
import { createPeer, type SimulatedPeer, words } from '../../src/lab/docuelevate/peers.js';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../src/lab/openai/server.js';
import { describeRecording, type Exchange, leaveTally, readRecording } from '../support/recordings.js';
import type { Reply } from './call.js';
import { type Line, withoutIds } from './docuelevate-comparison.js';
import { both, bothAnswers } from './docuelevate-replay.js';
import { idle, visit, type Visitor } from './docuelevate-visitor.js';
import { type Played, replay } from './replay.js';

const file = 'docuelevate-0.188.6-oauth.json';
const begun = Date.UTC(2030, 0, 1);

let peers: Record<'dropbox' | 'google' | 'oneDrive' | 'sharePoint', SimulatedPeer>;
let openAi: OpenAiLab;
let lab: DocuElevateLab;
let admin: Visitor;
let now = begun;
let document = 0;

async function begin(): Promise<void> {
  const peer = (accepts: Record<string, string>): SimulatedPeer => createPeer({ accepts, says: words.oauth });
  peers = {
    dropbox: peer({ app_secret: 'dbx-old-secret1', refresh_token: 'dbx-refresh-old1' }),
    google: peer({ client_secret: 'GOCSPX-old-secret1', refresh_token: '1//g-refresh-old1' }),
    oneDrive: peer({ client_secret: 'ms~old-secret-1', refresh_token: '0.AXoA-fake-refresh-old1' }),
    sharePoint: peer({ client_secret: 'ms~new-secret-2' }),
  };
  openAi = await startOpenAiLab();
  lab = await startDocuElevateLab({
    ...{ openAiBaseUrl: openAi.baseUrl, openAiKey: openAi.createUserKey('engine').value },
    peers: {
      'api.dropboxapi.com': peers.dropbox,
      'oauth2.googleapis.com': peers.google,
      'graph.microsoft.com': peers.oneDrive,
      'contoso.sharepoint.com': peers.sharePoint,
    },
    clock: () => now,
  });
  admin = visit(lab);
  await admin.login();
}

const write = (settings: Readonly<Record<string, string>>): void => {
  for (const [key, value] of Object.entries(settings)) lab.editSetting(key, value, 'admin');
};
/** The recording has one destination at a time. */
const only = (name: string): void => {
  for (const each of ['dropbox', 'google_drive', 'onedrive'])
    lab.editSetting(`${each}_enabled`, String(each === name), 'admin');
};

/** What a person did before an entry of the recording, as its name and what followed tell. */
const before: Readonly<Record<number, () => unknown>> = {
  0: begin,
  3: () => write({ dropbox_app_key: 'dbxkey1', dropbox_folder: '/docs' }),
  9: () => (peers.dropbox.accepts['refresh_token'] = 'another'),
  11: () => {
    peers.dropbox.accepts['refresh_token'] = 'dbx-refresh-old1';
    peers.dropbox.accepts['app_secret'] = 'dbx-new-secret2';
  },
  17: () => write({ dropbox_refresh_token: 'dbx-refresh-old1', dropbox_app_secret: 'dbx-new-secret2' }),
  20: () => {
    only('google_drive');
    write({ google_drive_client_id: 'g-client', google_drive_client_secret: 'GOCSPX-old-secret1' });
    write({
      google_drive_refresh_token: '1//g-refresh-old1',
      google_drive_use_oauth: 'true',
      google_drive_folder_id: 'f',
    });
  },
  23: () => (peers.google.accepts['refresh_token'] = 'another'),
  25: () => {
    peers.google.accepts['refresh_token'] = '1//g-refresh-old1';
    peers.google.accepts['client_secret'] = 'GOCSPX-new-secret2';
  },
  30: () => write({ google_drive_client_secret: 'GOCSPX-new-secret2' }),
  32: () => {
    only('onedrive');
    write({ onedrive_client_id: '11111111', onedrive_client_secret: 'ms~old-secret-1' });
    write({ onedrive_refresh_token: '0.AXoA-fake-refresh-old1' });
  },
  39: () => (peers.oneDrive.accepts['refresh_token'] = 'another'),
  41: () => {
    peers.oneDrive.accepts['refresh_token'] = lab.setting('onedrive_refresh_token') ?? '';
    peers.oneDrive.accepts['client_secret'] = 'ms~new-secret-2';
  },
  43: () => write({ onedrive_client_secret: 'ms~new-secret-2' }),
  49: () => {
    only('none');
    write({ sharepoint_client_id: '22222222', sharepoint_client_secret: 'ms~new-secret-2' });
    write({ sharepoint_site_url: 'https://contoso.sharepoint.com/sites/docs', sharepoint_tenant_id: '99999999' });
  },
  51: () => (peers.sharePoint.accepts['client_secret'] = 'ms~newer-secret-3'),
};

const asked = 'what the stand-ins were asked: those of the lab are asked in one step, without HTTP';
const consent = 'the pages and routes with which a person consents are not simulated: Keyturn asks none of them';
const notPlayed: Readonly<Record<number, string>> = {
  ...Object.fromEntries([6, 8, 21, 33, 37, 50].map((index) => [index, asked])),
  ...Object.fromEntries([13, 14, 15, 16, 18, 19, 27, 28, 29, 31].map((index) => [index, consent])),
  ...Object.fromEntries([45, 46, 47, 48, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62].map((index) => [index, consent])),
};

/** The newest document, handed in for this entry. */
async function ofADocument({ json }: Exchange): Promise<Played> {
  document += 1;
  const form = new FormData();
  form.append('file', new Blob([`(Letter ${document}) Tj`], { type: 'application/pdf' }), 'keyturn-test.pdf');
  form.append('source', 'keyturn');
  form.append('idempotency_key', `the letter ${document}`);
  await admin.send('POST', '/api/intake/documents', { body: form });
  await idle(lab);
  const reply = await admin.get(`/api/files/${document}`);
  return both(sketch(json), sketch(reply.json));
}

interface Shown {
  readonly logs: readonly Line[];
  readonly processing_status: { readonly status: string; readonly has_errors: boolean };
}

/** How it stands, and the lines of its uploads by step: the order of two steps is chance. */
function sketch(json: unknown): object {
  const { logs, processing_status } = json as Shown;
  const uploads = logs.filter(({ step_name }) => /^(queue|upload)_/.test(step_name)).toSorted((a, b) => a.id - b.id);
  const steps = Object.groupBy(uploads, ({ step_name }) => step_name);
  const { status, has_errors } = processing_status;
  const lines = Object.entries(steps).map(([step, own]) => [
    step,
    own?.map((line) => `${line.status}: ${line.message}`),
  ]);
  return { status, has_errors, ...(Object.fromEntries(lines) as object) };
}

async function send({ request }: Exchange): Promise<Reply> {
  const { method = '', path = '', body } = request ?? {};
  return admin.send(method, path, body ? { json: body } : {});
}

/** Times of tokens, and of a history the newest change with the author of each. */
function comparable(answer: unknown): unknown {
  const { json } = answer as { json?: { token_info?: object; history?: { changed_by: string; action: string }[] } };
  if (json?.history) return json.history.map(({ changed_by, action }) => ({ changed_by, action }));
  if (!json?.token_info) return answer;
  const token_info = { ...json.token_info, expires_at: '<time>', expires_in_seconds: '<seconds>' };
  return { ...(answer as object), json: { ...json, token_info } };
}

async function play(exchange: Exchange, index: number): Promise<Played> {
  await before[index]?.();
  now = begun + (exchange.at ?? 0) * 1000;
  const why = notPlayed[index];
  if (why !== undefined) return { notPlayed: why };
  if (exchange.request?.path.startsWith('/api/files/')) return ofADocument(exchange);
  const answers = bothAnswers(exchange, await send(exchange));
  if ('notPlayed' in answers) return answers;
  return { real: withoutIds(comparable(answers.real)), simulated: withoutIds(comparable(answers.simulated)) };
}

describeRecording('Dropbox, Google Drive, OneDrive and SharePoint of the simulated DocuElevate', () => {
  it('are tested, get documents and refuse as those of the real one', async () => {
    const { differences, tally } = await replay(readRecording(file).exchanges, play);

    await Promise.all([lab.stop(), openAi.stop()]);
    leaveTally(file, tally);
    expect(differences).toEqual([]);
  });
});
