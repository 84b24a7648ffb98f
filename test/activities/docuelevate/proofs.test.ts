import { credentialSettings } from '../../../activities/docuelevate/credential-settings.js';
import { stepProofOf } from '../../../activities/docuelevate/proofs.js';
import { testOf } from '../../../activities/docuelevate/trial-requests.js';
import { requestsOf } from '../../../activities/requests.js';
import type { Finding } from '../../../src/domain/evidence.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { startPaperlessLab } from '../../../src/lab/paperless/server.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';
import { type Scene, scenes } from './scenes.js';

const settings = Object.entries(credentialSettings).flatMap(([key, { kind }]) => (kind === 'value' ? [key] : []));
const bySteps = settings.filter((setting) => stepProofOf(setting) !== null);
const byTests = settings.filter((setting) => testOf(setting) !== null);

let bench: Bench;
let fixture: DocuElevateFixture;
let scene: Scene;

async function begin(setting: string, environment: Readonly<Record<string, string>> = {}): Promise<void> {
  const started = scenes[setting];
  if (!started) throw new Error(`no scene for ${setting}`);
  bench = await startBench();
  scene = await started();
  fixture = await startDocuElevateFixture(bench, {
    ...scene.options,
    environment: { ...scene.options.environment, [setting]: scene.right, ...environment },
  });
  fixture.engine.settings = { [setting]: 'value' };
  fixture.engine.testMailTo = 'keyturn@example.test';
  fixture.engine.password = fixture.lab.adminPassword; // of an account of Keyturn's own where that setting is rotated
}
afterEach(async () => {
  await fixture.stop();
  await scene.stop();
  await bench.close();
});

async function install(value: string): Promise<VersionRef> {
  const { next } = await bench.rotate();
  await fixture.install(next, { value });
  return next;
}
const byStep = (version: VersionRef, setting: string): Promise<Finding> =>
  bench.attempt(() => fixture.docuelevate.provesByStep({ version, setting }));
const byTest = (version: VersionRef, setting: string): Promise<Finding> =>
  bench.attempt(() => fixture.docuelevate.provesByTest({ version, setting }));

describe('A document shows that the worker uses', () => {
  it.each(bySteps)(
    '%s: it passes with a right value, and not with the old one after a dead one was written',
    async (setting) => {
      await begin(setting);
      const good = await byStep(await install(scene.right), setting);
      const dead = await install(scene.wrong);
      fixture.lab.emptyRedis();
      fixture.lab.restartWorker(); // with the value of the environment, which the server still accepts
      const held = fixture.lab.workerHolds(setting);
      const bad = await byStep(dead, setting);

      expect(held).toBe(scene.right);
      expect([good, bad]).toMatchObject([
        { kind: 'document', outcome: 'proved' },
        { kind: 'document', outcome: 'failed' },
      ]);
      expect(JSON.stringify([good, bad])).not.toContain(scene.wrong);
    },
  );
});

it('sees the token used by a Paperless of the third release, which DocuElevate cannot follow', async () => {
  const paperless = await startPaperlessLab({ release: 3 });
  await begin('paperless_ngx_api_token', { paperless_host: paperless.url });

  const good = await byStep(await install(paperless.generateToken()), 'paperless_ngx_api_token');
  await paperless.stop();

  expect(good).toMatchObject({ outcome: 'proved' });
  expect(good.detail).toContain('it stays in DocuElevate: DocuElevate retries one of its steps later');
}, 30_000); // a document that nothing is logged about is given up after 10 seconds

/** What a test says of a right value and of a dead one, where it is not a plain success and a plain failure. */
const exceptions: Readonly<Record<string, readonly [good: Finding['outcome'], bad: Finding['outcome']]>> = {
  notification_urls: ['not-observable', 'not-observable'], // the addresses from the start of the process, until its restart
};

/** Without documents there is nothing to find. */
const preparations: Readonly<Record<string, () => Promise<unknown>>> = {
  async meilisearch_api_key() {
    const body = new FormData();
    body.set('file', new File(['%PDF-1.4 /Producer (LibreOffice)'], 'a letter.pdf', { type: 'application/pdf' }));
    const headers = { authorization: `Bearer ${fixture.lab.apiToken}` };
    await fetch(`${fixture.lab.url}/api/ui-upload`, { method: 'POST', headers, body });
    while (fixture.lab.files()[0]?.status !== 'completed') await new Promise((resolve) => setTimeout(resolve, 5));
  },
};

describe("DocuElevate's own test", () => {
  it.each(byTests)(
    'of %s passes with a right value and fails with a dead one, and sends what is declared',
    async (setting) => {
      await begin(setting);
      await preparations[setting]?.();
      const first = await install(scene.right);
      const before = fixture.lab.requests.length;
      const good = await byTest(first, setting);
      const sent = linesOf(fixture.lab.requests.slice(before));
      const bad = await byTest(await failing(setting), setting);

      const [yes, no] = exceptions[setting] ?? ['proved', 'failed'];
      expect([good, bad]).toMatchObject([
        { kind: 'connection', outcome: yes },
        { kind: 'connection', outcome: no },
      ]);
      expect(sent).toMatch(patternOf(requestsOf('docuelevate.provesByTest', { settings: { [setting]: 'value' } })));
      expect(JSON.stringify([good, bad])).not.toContain(scene.wrong);
    },
  );

  /** A version whose value is not in force: refused by the service, or other than the one that DocuElevate holds. */
  async function failing(setting: string): Promise<VersionRef> {
    const dead = await install(scene.wrong);
    const isPosted = ['admin_password', 'document_intake_shared_secret', 'stripe_webhook_secret'].includes(setting);
    if (isPosted) fixture.lab.editSetting(setting, scene.right, 'somebody'); // the old one is in force again
    return dead;
  }

  it('of an address for notifications fails once the process has started with a dead one', async () => {
    await begin('notification_urls', { notification_urls: 'json://receiver.example.test/dead' });

    expect(await byTest(await install(scene.wrong), 'notification_urls')).toMatchObject({ outcome: 'failed' });
  });

  it.each(['imap1_password', 'admin_password', 'openai_api_key'])(
    'of %s says what it does not show',
    async (setting) => {
      await begin(setting);

      expect((await byTest(await install(scene.right), setting)).detail).toMatch(/does not show|in one API process/);
    },
  );
});

it('shows that DocuElevate refuses a password of its own as soon as another one is written, and not before', async () => {
  await begin('admin_password');
  const setting = 'admin_password';
  const first = await install(scene.right);
  const refused = ({ fence }: VersionRef) =>
    bench.attempt(() => fixture.docuelevate.refusesByTest({ version: { ...first, fence }, setting }));
  const before = await refused(first);
  const sent = fixture.lab.requests.length;

  const after = await refused(await install('another password'));

  expect([before, after]).toMatchObject([
    { kind: 'refused', outcome: 'failed', detail: expect.stringContaining('signs in with it') as string },
    { kind: 'refused', outcome: 'proved', detail: expect.stringContaining('does not sign in with it') as string },
  ]);
  expect(linesOf(fixture.lab.requests.slice(sent))).toContain('POST /auth');
  expect(JSON.stringify([before, after])).not.toContain(scene.right);
});

describe('What nothing shows', () => {
  const unseen = settings.filter((setting) => !bySteps.includes(setting) && !byTests.includes(setting));

  it.each(unseen)(
    '%s: is not observable by a document or a test, for a reason, and nothing is asked',
    async (setting) => {
      scene = await scenes['admin_password']!();
      bench = await startBench();
      fixture = await startDocuElevateFixture(bench, {});
      fixture.engine.settings = { [setting]: 'value' };
      const { next } = await bench.rotate();
      await bench.give(next, { value: 'a value' });

      const findings = [await byStep(next, setting), await byTest(next, setting)];

      expect(findings).toMatchObject([
        { kind: 'document', outcome: 'not-observable' },
        { kind: 'connection', outcome: 'not-observable' },
      ]);
      expect(findings.map(({ detail }) => detail)).toEqual([
        expect.stringMatching(/\w+ \w+/),
        expect.stringMatching(/\w+ \w+/),
      ]);
      expect(fixture.lab.requests).toEqual([]);
    },
  );

  it.each(settings.filter((setting) => !byTests.includes(setting)))('%s: no test claims it', async (setting) => {
    await begin(setting in scenes ? setting : 'admin_password');
    const { next } = await bench.rotate();
    await bench.give(next, { value: 'a value' });

    expect(await byTest(next, setting)).toMatchObject({ kind: 'connection', outcome: 'not-observable' });
  });
});

describe('A value that DocuElevate does not use', () => {
  it.each([
    ['anthropic_api_key', { ai_provider: 'openai' }, 'ai_provider is openai'],
    ['openai_api_key', { ai_provider: 'gemini' }, 'ai_provider is gemini'],
    ['google_drive_client_secret', { google_drive_use_oauth: 'false' }, 'google_drive_use_oauth is False'],
    ['google_drive_credentials_json', { google_drive_use_oauth: 'true' }, 'google_drive_use_oauth is True'],
    ['dest_email_password', { dest_email_username: '' }, 'dest_email_username is not set'],
    ['sftp_password', { sftp_private_key: '/a/path/to/a/key' }, 'sftp_private_key is set'],
  ])('%s: a document shows nothing with %j', async (setting, environment, why) => {
    await begin(setting, environment);
    const finding = await byStep(await install(scene.right), setting);

    expect(finding).toMatchObject({ kind: 'document', outcome: 'not-observable' });
    expect(finding.detail).toContain(why);
    expect(fixture.lab.files()).toEqual([]);
  });

  it('is not proved by the scan of another engine', async () => {
    await begin('mistral_api_key', { ocr_providers: 'mistral,tesseract' });

    const finding = await byStep(await install(scene.wrong), 'mistral_api_key');

    expect(finding).toMatchObject({ outcome: 'not-observable' });
  });
});

it('mails to one user of its own, which it makes once, and to a new address after that has changed', async () => {
  await begin('email_password');
  const version = await install(scene.right);
  const users = async () =>
    (await fetch(`${fixture.lab.url}/api/admin/users/local`, {
      headers: { cookie: await cookieOf(fixture) },
    }).then((answer) => answer.json())) as { username: string; email: string }[];

  await byTest(version, 'email_password');
  await byTest(version, 'email_password');
  fixture.engine.testMailTo = 'other@example.test';
  const third = await byTest(version, 'email_password');

  expect(third.outcome).toBe('proved');
  expect(scene.peer?.taken).toHaveLength(3);
  expect(await users()).toMatchObject([{ username: 'keyturn-test-mails', email: 'other@example.test' }]);
});

it('mails to nobody where no address is configured', async () => {
  await begin('email_password');
  delete fixture.engine.testMailTo;

  expect(await byTest(await install(scene.right), 'email_password')).toMatchObject({ outcome: 'not-observable' });
  expect(scene.peer?.taken).toEqual([]);
});

it('asks nothing for a rotation that another one has taken over', async () => {
  await begin('email_password');
  const old = await install(scene.right);
  await bench.rotate();
  const before = fixture.lab.requests.length;

  expect(await failureOf(byTest(old, 'email_password'))).toMatchObject({ type: 'FenceLost' });
  expect(fixture.lab.requests.length).toBe(before);
});

it('leaves nothing at the intake, whether the secret is right or wrong', async () => {
  await begin('document_intake_shared_secret');
  await byTest(await install(scene.right), 'document_intake_shared_secret');
  await byTest(await install(scene.wrong), 'document_intake_shared_secret');

  expect(fixture.lab.files()).toEqual([]);
});

async function cookieOf({ lab }: DocuElevateFixture): Promise<string> {
  const page = await fetch(`${lab.url}/login`);
  const token = /name="csrf_token" value="(\w+)"/.exec(await page.text())?.[1] ?? '';
  const cookie = page.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const body = new URLSearchParams({ username: lab.adminUsername, password: lab.adminPassword, csrf_token: token });
  const answer = await fetch(`${lab.url}/auth`, { method: 'POST', headers: { cookie }, body, redirect: 'manual' });
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}
