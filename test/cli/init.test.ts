import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { startNextcloudLab } from '../../src/lab/nextcloud/server.js';
import { startPaperlessLab } from '../../src/lab/paperless/server.js';
import { startDocumentEngineLab } from '../../src/lab/document-engine/server.js';
import { expectTold, type Fixture, startFixture } from './fixture.js';

let fixture: Fixture;
let engine: DocuElevateLab;
let options: string[];

beforeAll(async () => {
  fixture = await startFixture();
  engine = fixture.scenario.systems['docuelevate'] as DocuElevateLab;
  engine.editSetting('dropbox_app_secret', 'set by hand', 'ada');
});
afterAll(() => fixture.stop());

beforeEach(() => {
  for (const file of [
    'keyturn.yaml',
    'keyturn.keyring.json',
    'keyturn.db',
    'keyturn.db-wal',
    'keyturn.db-shm',
    'keyturn.secrets',
  ])
    rmSync(at(file), { recursive: true, force: true });
  writeFileSync(at('password'), `${engine.adminPassword}\n`);
  options = ['--yes', '--url', engine.url, '--username', engine.adminUsername, '--password-file', 'password'];
});

const at = (file: string): string => join(fixture.dir, file);
const mode = (file: string): string => (statSync(at(file)).mode & 0o777).toString(8);

it('writes what it finds in the engine, and says line by line what only the operator knows', async () => {
  const ended = await fixture.keyturn('init', ...options);

  expect(ended.code).toBe(0);
  const yaml = readFileSync(at('keyturn.yaml'), 'utf8').split('\n');
  const project = yaml.findIndex((line) => line.trim() === 'project:') + 1;
  expect(ended.stdout).toContain(`./keyturn.yaml:${project}`);
  expect(ended.stdout).toContain('openai-adminKey');
  expect(ended.stdout).toContain('Back it up apart from the store');
  expect(ended.stdout).toContain('keyturn check');
  expect(yaml.join('\n')).toMatch(/#\s+dropbox_app_secret: .+ \(set in its database\)/);
  expect([mode('keyturn.keyring.json'), mode('keyturn.secrets/docs-admin'), mode('keyturn.db')]).toEqual([
    '600',
    '600',
    '600',
  ]);
});

it('fills in what the engine shows in plain', async () => {
  const plain = { sftp_private_key: '/run/secrets/sftp', sftp_host: 'sftp.example.com', sftp_port: '2222' };
  for (const [key, value] of Object.entries(plain)) engine.editSetting(key, value, 'ada');

  await fixture.keyturn('init', ...options);
  for (const key of Object.keys(plain)) engine.editSetting(key, '', 'ada');

  const yaml = readFileSync(at('keyturn.yaml'), 'utf8');
  expect(yaml).toMatch(/ {6}host: "sftp.example.com"\n/);
  expect(yaml).toMatch(/ {6}port: 2222\n/);
  expect(yaml).toMatch(/ {4}# {3}- envFile: .*\.env\n {4}# {5}variable: OPENAI_API_KEY\n/);
});

it('keeps the password out of the configuration and of everything it says', async () => {
  const { stdout, stderr } = await fixture.keyturn('init', ...options);

  expect(stdout + stderr + readFileSync(at('keyturn.yaml'), 'utf8')).not.toContain(engine.adminPassword);
  expect(readFileSync(at('keyturn.secrets/docs-admin'), 'utf8').trim()).toBe(engine.adminPassword);
});

it('writes a configuration that works once it is filled in', async () => {
  await fixture.keyturn('init', ...options);

  const before = await fixture.keyturn('plan', 'openai');
  fixture.edit(/project:$/m, 'project: proj_filled_in');
  const after = await fixture.keyturn('plan', 'openai');

  expectTold(before, 2, 'credentials.openai.provider.project: is empty');
  expect(after.code).toBe(0);
});

it('writes entries for Nextcloud and Paperless-ngx with which their values can be adopted', async () => {
  const [nextcloud, paperless] = await Promise.all([startNextcloudLab(), startPaperlessLab()]);
  const values = { nextcloud: nextcloud.createAppPassword('DocuElevate'), paperless: paperless.generateToken() };
  const set = {
    ...{ nextcloud_upload_url: nextcloud.uploadUrl, nextcloud_username: nextcloud.username },
    ...{ nextcloud_password: values.nextcloud, nextcloud_folder: 'Archive' },
    ...{ paperless_host: paperless.url, paperless_ngx_api_token: values.paperless },
  };
  for (const [key, value] of Object.entries(set)) engine.editSetting(key, value, 'ada');

  await fixture.keyturn('init', ...options);
  fixture.edit(/project:$/m, 'project: proj_filled_in');
  fixture.edit(/username:$/m, `username: ${paperless.username}`);
  writeFileSync(at('keyturn.secrets/nextcloud-password'), nextcloud.accountPassword, { mode: 0o600 });
  writeFileSync(at('keyturn.secrets/paperless-password'), paperless.accountPassword, { mode: 0o600 });
  const adopt = (name: keyof typeof values) =>
    fixture.start(['adopt', name, '--stdin', '--sole-user'], `${values[name]}\n`).ended;
  const ended = [await adopt('nextcloud'), await adopt('paperless')];
  for (const key of Object.keys(set)) engine.editSetting(key, '', 'ada');
  await Promise.all([nextcloud.stop(), paperless.stop()]);

  expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, ''],
    [0, ''],
  ]);
  expect(ended[1]?.stdout).toContain("the user's token");
});

it('overwrites no configuration, and makes what is missing beside it', async () => {
  await fixture.keyturn('init', ...options);
  fixture.edit(/project:$/m, 'project: proj_filled_in');
  const before = readFileSync(at('keyturn.yaml'), 'utf8');
  const ring = readFileSync(at('keyturn.keyring.json'), 'utf8');
  rmSync(at('keyturn.db'));

  const ended = await fixture.keyturn('init', ...options, '--json');

  expect(ended.code).toBe(0);
  expect(ended.json()).toMatchObject({ made: [at('keyturn.db')] });
  expect(readFileSync(at('keyturn.yaml'), 'utf8')).toBe(before);
  expect(readFileSync(at('keyturn.keyring.json'), 'utf8')).toBe(ring);
});

it('writes nothing when the password is wrong', async () => {
  writeFileSync(at('password'), 'not the password');

  const ended = await fixture.keyturn('init', ...options);

  expectTold(ended, 1, 'refused the admin login', 'Nothing was written');
  expect(() => statSync(at('keyturn.yaml'))).toThrow('ENOENT');
  expect(() => statSync(at('keyturn.keyring.json'))).toThrow('ENOENT');
});

it('writes nothing when the engine cannot be reached', async () => {
  const ended = await fixture.keyturn('init', ...options, '--url', 'http://127.0.0.1:9', '--json');

  expectTold(ended, 5, 'ECONNREFUSED');
  expect(ended.json()).toMatchObject({ error: { exitCode: 5, state: 'Nothing was written.' } });
  expect(() => statSync(at('keyturn.keyring.json'))).toThrow('ENOENT');
});

it('writes what it finds in a Document Engine', async () => {
  const viewer = await startDocumentEngineLab({ algorithm: 'ES256' });
  writeFileSync(at('token'), `${viewer.apiToken}\n`);
  const asked = ['init', '--yes', '--url', viewer.url, '--token-file', 'token'] as const;

  const ended = await fixture.keyturn(...asked);
  for (const file of ['password', 'key']) fixture.edit(/- file:$/m, `- file: ./handed-over/${file}`);
  const plan = await fixture.keyturn('plan', 'document-engine-jwt');
  rmSync(at('keyturn.yaml'));
  writeFileSync(at('token'), 'not the token');
  const refused = await fixture.keyturn(...asked);
  const unclear = await fixture.keyturn(...asked, '--username', 'ada');
  await viewer.stop();

  expect(ended.code).toBe(0);
  expect(ended.stdout).toContain('3 of its 3 credentials are set');
  expect(mode('keyturn.secrets/viewer-token')).toBe('600');
  expectTold(plan, 2, 'Nothing was adopted', 'keyturn adopt document-engine-jwt');
  expectTold(refused, 1, 'could not be read', 'Nothing was written');
  expectTold(unclear, 2, '--token-file is for a Document Engine');
  expect(() => statSync(at('keyturn.yaml'))).toThrow('ENOENT');
});

it('says what is missing when nobody can be asked', async () => {
  const ended = await fixture.keyturn('init', '--url', engine.url);

  expectTold(ended, 2, '--username, --password-file');
});
