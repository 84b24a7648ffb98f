import { FormData } from 'undici';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { type NextcloudLab, startNextcloudLab } from '../../src/lab/nextcloud/server.js';
import { type PaperlessLab, type PaperlessLabOptions, startPaperlessLab } from '../../src/lab/paperless/server.js';
import { idle, visit, type Visitor } from './docuelevate-visitor.js';

let lab: DocuElevateLab;
let admin: Visitor;
let now = Date.UTC(2030, 0, 1);
const servers: { stop(): Promise<void> }[] = [];

async function start(options: Parameters<typeof startDocuElevateLab>[0]): Promise<void> {
  lab = await startDocuElevateLab({ ...options, clock: () => now });
  servers.push(lab);
  admin = visit(lab);
  await admin.login();
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function withNextcloud(): Promise<NextcloudLab> {
  const nextcloud = await startNextcloudLab();
  servers.push(nextcloud);
  const { uploadUrl: url, username } = nextcloud;
  await start({ nextcloud: { url, username, password: nextcloud.createAppPassword('engine'), folder: 'Archive' } });
  return nextcloud;
}
async function withPaperless(options: PaperlessLabOptions): Promise<PaperlessLab> {
  const paperless = await startPaperlessLab(options);
  servers.push(paperless);
  await start({ paperless: { host: paperless.url, token: paperless.generateToken() } });
  return paperless;
}

async function handIn(): Promise<void> {
  const form = new FormData();
  form.append('file', new Blob([`(A letter of ${now}) Tj`], { type: 'application/pdf' }), 'letter.pdf');
  await admin.send('POST', '/api/ui-upload', { body: form });
  await idle(lab);
}
const again = async (step: string): Promise<void> => {
  await admin.send('POST', `/api/files/1/retry-subtask?subtask_name=${step}`);
  await idle(lab);
};
/** Status and words of a step's lines, in order. */
async function lines(step: string): Promise<string[]> {
  const logs = (await admin.get('/api/files/1')).list('logs') as Record<string, string>[];
  return logs
    .filter(({ step_name }) => step_name === step)
    .sort((a, b) => Number(a['id']) - Number(b['id']))
    .map(({ status, message }) => `${status}: ${message}`);
}

describe('Nextcloud', () => {
  it('gets one more copy each time that a document is uploaded', async () => {
    const nextcloud = await withNextcloud();
    await handIn();
    await again('upload_to_nextcloud');

    const [first = '', second = ''] = nextcloud.files();
    expect(nextcloud.files()).toHaveLength(2);
    expect(second.replace(/_\d{8}_\d{6}/, '')).toBe(first);
    expect(await lines('upload_to_nextcloud')).toContain(`success: Uploaded to Nextcloud: ${second}`);
  });

  it('is asked three times with a dead password for one document, and gets it with a retry when the password is right', async () => {
    const nextcloud = await withNextcloud();
    nextcloud.kill(nextcloud.working()[0] ?? '');
    await handIn();

    expect(nextcloud.attempts()).toBe(3);
    expect(lab.files().map(({ status }) => status)).toEqual(['failed']);
    lab.editSetting('nextcloud_password', nextcloud.createAppPassword('engine'), 'somebody');
    now += 80_000;
    await idle(lab);
    expect(lab.files().map(({ status }) => status)).toEqual(['completed']);
    expect(nextcloud.files()).toHaveLength(1);
  });

  it('says so where its disk is full', async () => {
    const nextcloud = await withNextcloud();
    nextcloud.server.full = true;
    await handIn();

    const failures = (await lines('upload_to_nextcloud')).filter((line) => line.startsWith('failure'));
    expect(failures).toEqual([expect.stringContaining('507'), expect.stringContaining('507')]);
    expect([await lab.use('nextcloud'), nextcloud.files()]).toEqual([false, []]);
  });
});

describe('Paperless-ngx', () => {
  it('turns the same document away in its second release, which proves the token', async () => {
    const paperless = await withPaperless({ release: 2 });
    await handIn();
    await again('upload_to_paperless');

    expect((await lines('upload_to_paperless')).slice(-1)).toEqual([
      'skipped: Duplicate document detected by Paperless - skipping',
    ]);
    expect(paperless.documents()).toHaveLength(1);
    expect(await lab.use('paperless')).toBe(true);
  });

  it.each([
    ['in its third release', { release: 3 } as const, true],
    ['from whoever may not see tasks', { release: 2 } as const, false],
  ])(
    'never tells the engine that it has the document %s, and gets it again with each retry',
    async (_, options, seesTasks) => {
      const paperless = await withPaperless(options);
      if (!seesTasks) paperless.account.rights = ['add_document'];
      await handIn();

      expect(await lines('upload_to_paperless')).toEqual([
        expect.stringContaining('in_progress: Uploading to Paperless'),
      ]);
      expect(await lines('post_document')).toContainEqual(expect.stringContaining('success: Task ID: '));
      const before = paperless.requests.filter(({ method }) => method === 'POST').length;
      now += 80_000;
      await idle(lab);
      expect(paperless.requests.filter(({ method }) => method === 'POST').length).toBe(before + 1);
    },
  );

  it('refuses a dead token in one line', async () => {
    const paperless = await withPaperless({});
    paperless.generateToken();
    await handIn();

    const [, failure, ...more] = await lines('upload_to_paperless');
    expect([failure, more]).toEqual([expect.stringContaining('401 Client Error: Unauthorized for url: '), []]);
    expect(await lab.use('paperless')).toBe(false);
  });
});
