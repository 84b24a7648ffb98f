import { createPlayground, type Playground } from '../../src/lab/playground.js';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { type Check, check } from '../../src/operations/setup/check.js';
import { planOf } from '../../src/operations/rotate/outlook.js';
import { openSession, type Session } from '../../src/operations/session/session.js';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

let scenario: Scenario;
let playground: Playground;
let session: Session;

beforeEach(async () => {
  scenario = await startOpenAiApiKey();
  playground = await createPlayground(scenario, { grace: '0 seconds' });
  session = await openSession({ file: playground.file, create: true });
});
afterEach(async () => {
  await session.close();
  await playground.remove();
  await scenario.stop();
});

const engine = (): DocuElevateLab => scenario.systems['docuelevate'] as DocuElevateLab;
const adoptIt = () => adopt(session, { credential: 'openai', parts: scenario.adopted, soleUser: true, actor: 'test' });

async function look(): Promise<Check[]> {
  const found: Check[] = [];
  for await (const each of check({ file: playground.file, credentials: [] })) found.push(each);
  return found;
}
const about = async (what: string): Promise<Check | undefined> => (await look()).find((each) => each.what === what);

/** The configuration from now on, with a delivery. */
async function deliver(target: object): Promise<void> {
  const content = parse(readFileSync(playground.file, 'utf8')) as { credentials: Record<string, object> };
  Object.assign(content.credentials['openai']!, { deliver: [target] });
  writeFileSync(playground.file, stringify(content));
  await session.close();
  session = await openSession({ file: playground.file });
}
const envFile = () => ({ envFile: join(playground.dir, '.env'), variable: 'OPENAI_API_KEY' });

/** The configuration from now on, with a way to run the engine. */
async function deploy(deployment: object): Promise<void> {
  const content = parse(readFileSync(playground.file, 'utf8')) as { engines: Record<string, object> };
  Object.assign(content.engines['docs']!, { deployment });
  writeFileSync(playground.file, stringify(content));
  await session.close();
  session = await openSession({ file: playground.file });
}

/** A rotation that went as it should, as far as the store knows. */
async function rotate(): Promise<void> {
  const credential = (await session.store.credentials())[0]!;
  const request = { actor: 'test', trigger: 'manual', reason: 'a test' } as const;
  const { next } = await session.store.open(credential, [], request, { workflowId: 'test', runId: 'run' });
  const made = { providerId: 'service_account/of-the-test', parts: { key: `value-${Date.now()}` } };
  await session.store.keep(next, await session.store.intend(next), made);
  await session.store.promote(next);
  await session.store.close(next, 'retired', null);
}

describe("The engine's environment file", () => {
  const file = () => join(playground.dir, '.env');

  it('is checked once for the engine, and so is the program that recreates its processes', async () => {
    writeFileSync(file(), 'OPENAI_API_KEY=any\n', { mode: 0o600 });
    await deploy({ envFile: file(), restart: ['no-such-program', 'up'] });

    expect(await about(`docs: environment file ${file()}`)).toMatchObject({ ok: true, detail: 'can be replaced' });
    expect(await about('docs: no-such-program')).toMatchObject({ ok: false });
  });

  it('is warned of where it holds another value than the one in force, which a reboot brings back', async () => {
    writeFileSync(file(), 'OPENAI_API_KEY=another\n', { mode: 0o600 });
    await deploy({ envFile: file() });
    await adoptIt();

    const found = await about(`openai: deployment OPENAI_API_KEY in ${file()}`);

    expect(found).toMatchObject({ ok: true, warning: true });
    expect(found?.detail).toContain('holds another value than the one in force');
  });
});

describe('A setting that came from the environment', () => {
  it('is warned of, with the delivery that would write there', async () => {
    await adoptIt();

    expect(await about('openai: environment')).toMatchObject({
      ...{ ok: true, warning: true },
      detail: expect.stringMatching(/openai_api_key came from.*starts while its Redis is empty/) as string,
      next: expect.stringContaining('deliver: [{ envFile: <its .env>, variable: OPENAI_API_KEY }]') as string,
    });
  });

  it('is warned of after a rotation, which left the old value there', async () => {
    await adoptIt();
    await rotate();

    const found = await about('openai: environment');

    expect(found?.detail).toContain('still holds the value of version 1');
    expect(found?.next).toContain('keyturn rotate openai');
  });

  it('is no matter where new values are delivered there, until one should have been and was not', async () => {
    await deliver(envFile());
    await adoptIt();
    expect(await about('openai: environment')).toBeUndefined();
    await rotate();

    expect(await about('openai: environment')).toMatchObject({
      warning: true,
      next: expect.stringMatching(/^Rotate once more/) as string,
    });
    const current = (await session.store.versions('openai')).find(({ state }) => state === 'current')!;
    await session.store.prove(current, { kind: 'delivered', outcome: 'proved', detail: 'it stands there' });
    expect(await about('openai: environment')).toBeUndefined();
  });

  it('is not settled by a delivery to somewhere else', async () => {
    await deliver({ file: join(playground.dir, 'a-key') });
    await adoptIt();

    expect(await about('openai: environment')).toMatchObject({ warning: true });
  });

  it('is said by a plan: what a restart would bring back', async () => {
    await adoptIt();
    await rotate();

    expect(await planOf(session, { credential: 'openai', actor: 'test' })).toMatchObject({
      environment: { settings: ['openai_api_key'], version: 1, isCurrent: false },
    });
  });
});

it('has nothing to warn of where the database has the setting', async () => {
  engine().editSetting('openai_api_key', scenario.adopted['key'] ?? '', 'somebody');
  await adoptIt();

  expect((await look()).filter(({ warning }) => warning)).toEqual([]);
  expect((await planOf(session, { credential: 'openai', actor: 'test' })).environment).toBeNull();
});

it('asks an engine about itself once, whatever the number of its credentials', async () => {
  const content = parse(readFileSync(playground.file, 'utf8')) as { credentials: Record<string, object> };
  const { openai } = content.credentials;
  const azure = {
    ...{ procedure: 'azure-document-intelligence-key', engine: 'docs' },
    provider: {
      ...{ tenant: 'a', clientId: '00000000-0000-0000-0000-000000000000', endpoint: 'http://127.0.0.1:9' },
      clientSecret: { file: './openai-admin' },
      ...{ login: 'http://127.0.0.1:9', management: 'http://127.0.0.1:9' },
      account: '/subscriptions/a/resourceGroups/b/providers/Microsoft.CognitiveServices/accounts/c',
    },
  };
  writeFileSync(playground.file, stringify({ ...content, credentials: { openai, azure } }));
  engine().editSetting('database_url', 'postgresql://user:a-password@db/docs', 'somebody');

  const found = await look();

  expect(engine().requests.filter(({ path }) => path === '/api/queue/stats')).toHaveLength(1);
  expect(found.filter(({ what }) => what.startsWith('docs: '))).toMatchObject([
    { what: 'docs: worker', ok: true },
    { what: 'docs: credential settings', ok: true },
    { what: 'docs: test documents', warning: true, detail: expect.stringMatching(/openai \d, azure \d$/) as string },
  ]);
});

describe('Settings that sign in to one account', () => {
  const byHand = (...settings: string[]) => ({
    ...{ procedure: 'by-hand', engine: 'docs', owner: 'platform', settings },
    provider: { name: 'The mail host', overlap: 'single' },
  });
  /** The configuration from now on, with these credentials beside the first. */
  async function add(credentials: Readonly<Record<string, object>>): Promise<void> {
    const content = parse(readFileSync(playground.file, 'utf8')) as { credentials: Record<string, object> };
    Object.assign(content.credentials, credentials);
    writeFileSync(playground.file, stringify(content));
    await session.close();
    session = await openSession({ file: playground.file });
  }
  const mailbox = 'docs: email_password and imap1_password';

  beforeEach(() => {
    for (const name of ['email', 'imap1']) {
      engine().editSetting(`${name}_host`, 'mail.example.com', 'somebody');
      engine().editSetting(`${name}_username`, 'scans@example.com', 'somebody');
      engine().editSetting(`${name}_password`, 'a-password-of-the-mailbox', 'somebody');
    }
  });

  it('are warned of where they may hold one password and rotate apart, with the entry that rotates them together', async () => {
    await add({ smtp: byHand('email_password'), box: byHand('imap1_password') });

    expect(await about(mailbox)).toEqual({
      ...{ what: mailbox, ok: true, warning: true },
      detail:
        'They sign in as scans@example.com at mail.example.com, and may hold one password: smtp rotates email_password, and box rotates imap1_password. A rotation of one leaves the others with a dead value',
      next: expect.stringContaining('settings: [email_password, imap1_password]') as string,
    });
  });

  it('are warned of where one of them rotates by no credential', async () => {
    await add({ smtp: byHand('email_password') });

    expect((await about(mailbox))?.detail).toContain(
      'smtp rotates email_password, and no credential rotates imap1_password',
    );
  });

  it('are no matter where none of them rotates, and where they rotate together', async () => {
    expect(await about(mailbox)).toBeUndefined();
    await add({ mail: byHand('email_password', 'imap1_password') });

    expect(await about(mailbox)).toBeUndefined();
  });

  it('cannot join a procedure that has settings of its own', async () => {
    engine().editSetting('nextcloud_upload_url', 'http://127.0.0.1:9/remote.php/dav/files/scans/', 'somebody');
    engine().editSetting('webdav_url', 'http://127.0.0.1:9/remote.php/dav/files/scans/', 'somebody');
    for (const name of ['nextcloud', 'webdav']) {
      engine().editSetting(`${name}_username`, 'scans', 'somebody');
      engine().editSetting(`${name}_password`, 'an-app-password-of-files', 'somebody');
    }
    const provider = {
      url: 'http://127.0.0.1:9/remote.php/dav/files/scans/',
      username: 'scans',
      password: { file: './openai-admin' },
    };
    await add({ files: { procedure: 'nextcloud-app-password', engine: 'docs', provider } });

    const found = await about('docs: nextcloud_password and webdav_password');

    expect(found?.detail).toContain('files rotates nextcloud_password, and no credential rotates webdav_password');
    expect(found?.next).toBe(
      'Create a password of its own for webdav_password there: nextcloud_password has a procedure that rotates it alone',
    );
  });
});

describe('What keyturn up brings with it', () => {
  it('is no failure before keyturn up: it is a note, with what to run', async () => {
    const found = await look();

    expect(found.find(({ what }) => what === 'Temporal')).toMatchObject({ ok: true, note: true });
    expect(found.find(({ what }) => what === 'Temporal')?.next).toContain('keyturn up');
    expect(found.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('is a failure where somebody has configured a server, and it is not there', async () => {
    process.env['TEMPORAL_ADDRESS'] = '127.0.0.1:9';
    const temporal = await about('Temporal').finally(() => delete process.env['TEMPORAL_ADDRESS']);

    expect(temporal).toMatchObject({ ok: false });
  });
});
