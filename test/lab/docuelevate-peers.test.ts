import { FormData } from 'undici';
import { createPeer, type Peers, type SimulatedPeer, words } from '../../src/lab/docuelevate/peers.js';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { idle, visit, type Visitor } from './docuelevate-visitor.js';

let lab: DocuElevateLab;
let admin: Visitor;
let now: number;

async function start(peers: Peers, environment: Record<string, string>): Promise<void> {
  now = Date.UTC(2030, 0, 1);
  lab = await startDocuElevateLab({ peers, environment, clock: () => now });
  admin = visit(lab);
  await admin.login();
}
afterEach(() => lab.stop());

async function handIn(): Promise<void> {
  const form = new FormData();
  form.append('file', new Blob([`(A letter of ${now}) Tj`], { type: 'application/pdf' }), 'letter.pdf');
  await admin.send('POST', '/api/ui-upload', { body: form });
  await idle(lab);
}
async function again(step: string): Promise<void> {
  await admin.send('POST', `/api/files/1/retry-subtask?subtask_name=${step}`);
  await idle(lab);
}
async function linesOf(step: string): Promise<string[]> {
  const logs = (await admin.get('/api/files/1')).list('logs') as Record<string, string>[];
  const own = logs.filter(({ step_name }) => step_name === step).sort((a, b) => Number(a['id']) - Number(b['id']));
  return own.map(({ status, message }) => `${status}: ${message?.replace(/[\w-]+\.pdf/, 'X.pdf')}`);
}

describe('A refused FTP password', () => {
  const settings = { ftp_host: 'ftp.example.test', ftp_username: 'docs', ftp_password: 'dead' };
  let ftp: SimulatedPeer;
  const startFtp = (more: Record<string, string> = {}, lockAfter = Infinity) => {
    ftp = createPeer({ accepts: { username: 'docs', password: 'right' }, says: words.ftp, lockAfter });
    return start({ 'ftp.example.test:21': ftp }, { ...settings, ...more });
  };

  it('is sent once more in clear text', async () => {
    await startFtp();
    await handIn();

    expect(ftp.logins).toHaveLength(2);
    expect((await linesOf('upload_to_ftp'))[1]).toBe(
      'failure: Failed to upload X.pdf to FTP server: 530 Login incorrect.',
    );
  });

  it('is not where clear text is forbidden', async () => {
    await startFtp({ ftp_allow_plaintext: 'false' });
    await handIn();

    expect(ftp.logins).toHaveLength(1);
  });

  it('locks an account that allows three failures, and then the right one is refused as well', async () => {
    await startFtp({}, 3);
    await handIn();
    now += 80_000;
    await idle(lab);
    lab.editSetting('ftp_password', 'right', 'somebody');
    now += 400_000;
    await idle(lab);

    expect([ftp.locked, lab.files()[0]?.status]).toEqual([true, 'failed']);
  });
});

describe('Documents by mail', () => {
  const settings = { dest_email_host: 'mail.example.test', dest_email_default_recipient: 'archive@example.test' };
  const account = { dest_email_username: 'docs', dest_email_password: 'dead' };
  const postOffice = (): SimulatedPeer =>
    createPeer({ accepts: { username: 'docs', password: 'right' }, says: words.smtp });

  it('are sent without a login where there is no password', async () => {
    const mail = postOffice();
    await start({ 'mail.example.test:587': mail }, settings);
    await handIn();

    expect([mail.logins, mail.taken.length]).toEqual([[], 1]);
  });

  it('are tried twice for each refused password', async () => {
    const mail = postOffice();
    await start({ 'mail.example.test:587': mail }, { ...settings, ...account });
    await handIn();

    expect([mail.logins.length, mail.taken]).toEqual([2, []]);
  });

  it('are not tried again where nobody listens', async () => {
    await start({}, { ...settings, ...account });
    await handIn();

    expect(await linesOf('upload_to_email')).toEqual([
      'in_progress: Sending via email: X.pdf',
      'failure: Connection error to SMTP server mail.example.test:587 - [Errno 111] Connection refused',
    ]);
    expect((await admin.get('/api/queue/stats')).list('celery', 'scheduled')).toEqual([]);
  });
});

describe('One upload alone', () => {
  it('says success where there is nothing to upload to', async () => {
    await start({}, {});
    await handIn();
    await again('upload_to_dropbox');
    await again('upload_to_nextcloud');

    for (const step of ['upload_to_dropbox', 'upload_to_nextcloud'])
      expect((await linesOf(step)).at(-1)).toBe('success: Skipped: Not configured');
  });

  it('leaves one more copy in Dropbox', async () => {
    const dropbox = createPeer({ accepts: { app_secret: 'a', refresh_token: 'r' }, says: words.oauth });
    const account = { dropbox_app_key: 'k', dropbox_app_secret: 'a', dropbox_refresh_token: 'r' };
    await start({ 'api.dropboxapi.com': dropbox }, account);
    await handIn();
    await again('upload_to_dropbox');

    expect(new Set(dropbox.taken).size).toBe(2);
  });
});
