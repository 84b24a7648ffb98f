import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.js';
import { draftConfiguration } from '../../src/operations/setup/draft.js';
import { catalog } from '../../workflows/catalog.js';

const setting = (key: string, change: object = {}) => ({
  ...{ key, category: 'Storage', description: `What ${key} is for`, configured: true, source: 'env' as const },
  ...change,
});
const draft = (...credentials: ReturnType<typeof setting>[]) => draftWith({}, ...credentials);
const draftWith = (plain: Record<string, string>, ...credentials: ReturnType<typeof setting>[]) =>
  draftConfiguration(
    { kind: 'docuelevate', url: 'https://docs.example.com', username: 'key: "turn" #1', credentials, plain },
    catalog,
  );

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-draft-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(text: string) {
  const file = join(folder, 'keyturn.yaml');
  writeFileSync(file, text);
  return loadConfig(file, catalog);
}

it('makes an entry for what can be rotated, with what the provider needs left open', () => {
  const { text, credentials, secretFiles } = draft(setting('openai_api_key'));

  expect(credentials).toEqual(['openai']);
  expect(secretFiles).toEqual(['./keyturn.secrets/openai-adminKey']);
  expect(() => load(text)).toThrow('credentials.openai.provider.project: is empty');
  expect(load(text.replace(/project:$/m, 'project: proj_1')).credentials['openai']).toMatchObject({
    procedure: 'openai-api-key',
    engine: 'docs',
  });
});

it('makes comments for what has no procedure, by category, and leaves out what is not set', () => {
  const { text, credentials, withoutProcedure } = draft(
    setting('dropbox_app_secret', { source: 'db' }),
    setting('email_password', { category: 'Mail' }),
    setting('openai_api_key', { configured: false }),
  );

  expect(credentials).toEqual([]);
  expect(withoutProcedure).toEqual(['dropbox_app_secret', 'email_password']);
  expect(text).toMatch(
    /# {3}Storage\n# {5}dropbox_app_secret: .+ \(set in its database\)\n# {2}dropbox_app_secret: .+\n#\n# {3}Mail\n/,
  );
  expect(load(text).credentials).toEqual({});
});

it('says of what has no procedure what else one has to know, and what this version does not know', () => {
  const { text } = draft(
    ...['redis_url', 'telegram_bot_token', 'session_secret_previous', 'ftp_password', 'invented_token'].map((key) =>
      setting(key),
    ),
  );

  const rest = (key: string): string | undefined =>
    new RegExp(`# +${key}: .+ \\(set in its environment(.*)\\)`).exec(text)?.[1];
  expect(rest('redis_url')).toBe('; only its environment counts, after a restart');
  expect(rest('telegram_bot_token')).toBe('; nothing in DocuElevate reads it, so there is nothing to rotate');
  expect(rest('session_secret_previous')).toBe('; changes together with session_secret');
  expect(rest('ftp_password')).toBe('');
  expect(rest('invented_token')).toBe('; this version of Keyturn does not know it');
});

it('proposes entries by hand that are right once they are uncommented and filled in', () => {
  const keys = ['ftp_password', 'icloud_password', 'authentik_client_secret', 'evernote_auth_token'];
  const { text } = draft(...[...keys, 'telegram_bot_token'].map((key) => setting(key)));

  const filled = text
    .replace('credentials: {}', 'credentials:')
    .replaceAll('FILL IN', 'A vendor')
    .replaceAll(/^# {2}(?=\w)/gm, '  ');
  expect(Object.entries(load(filled).credentials)).toMatchObject([
    ['ftp_password', { procedure: 'by-hand', settings: ['ftp_password'], provider: { overlap: 'single' } }],
    ['icloud_password', { procedure: 'by-hand', provider: { overlap: 'both-valid' } }],
    ['authentik_client_secret', { procedure: 'by-hand', provider: { overlap: 'single' } }],
    ['evernote_auth_token', { procedure: 'by-hand', provider: { name: 'A vendor', overlap: 'both-valid' } }],
  ]);
});

it("is not misled by the engine's words or the administrator's name", () => {
  const { text } = draft(
    setting('ftp_password', { description: 'first line\n\nstore: sqlite:elsewhere', category: 'A\r\nB' }),
  );

  const { engines, store } = load(text);

  expect(engines['docs']).toMatchObject({ admin: { username: 'key: "turn" #1' } });
  expect(store.file).toBe(join(folder, 'keyturn.db'));
});

it('makes entries for the secrets of a Document Engine, which needs no account of a provider', () => {
  const credentials = [
    setting('jwt'),
    setting('secret_key_base'),
    setting('dashboard_password', { configured: false }),
  ];

  const { text, ...drawn } = draftConfiguration(
    { kind: 'document-engine', url: 'https://viewer.example.com', credentials, plain: {} },
    catalog,
  );

  const names = ['document-engine-jwt', 'document-engine-secret-key-base'];
  expect(drawn).toEqual({ credentials: names, withoutProcedure: [], secretFiles: [] });
  expect(() => load(text)).toThrow('credentials.document-engine-jwt.deliver.0');
  const filledIn = load(text.replace(/- file:$/m, '- file: /srv/app/viewer-key.pem'));
  expect(Object.keys(filledIn.credentials)).toEqual(names);
  expect(filledIn.engines['viewer']).toMatchObject({
    kind: 'document-engine',
    apiToken: { file: expect.any(String) as string },
  });
});

describe('What DocuElevate shows in plain', () => {
  it('is filled in, the port as a number', () => {
    const plain = { sftp_host: 'sftp.example.com', sftp_port: '2222', sftp_username: 'keyturn: #1' };

    const { text } = draftWith(plain, setting('sftp_private_key'));

    expect(providerIn(text, 'sftp')).toMatchObject({ host: 'sftp.example.com', port: 2222, username: 'keyturn: #1' });
    expect(text).toMatch(/# FILL IN.+\n +hostKey:\n/);
    expect(text).not.toMatch(/^ +# FILL IN.*\n +(host|username):/m);
  });

  it('is taken with what DocuElevate uses where nothing is set', () => {
    const { text } = draftWith(
      { s3_bucket_name: 'documents', s3_folder_prefix: 'in' },
      setting('aws_access_key_id'),
      setting('aws_secret_access_key'),
    );

    expect(providerIn(text, 'aws')).toMatchObject({ bucket: 'documents', prefix: 'in/', region: 'us-east-1' });
    expect(text).toContain('aws_region, which is us-east-1 where it is not set');
  });

  it.each([
    ['https://cloud.example.com/remote.php/dav/files/scans/', 'https://cloud.example.com'],
    ['https://example.com/cloud/remote.php/webdav', 'https://example.com/cloud'],
    ['https://cloud.example.com:8443/remote.php/dav/files/remote.php/in', 'https://cloud.example.com:8443'],
    ['https://cloud.example.com/somewhere/else/', null],
  ])('tells the address of Nextcloud as far as it is in %s: %s', (uploadUrl, url) => {
    const plain = { nextcloud_upload_url: uploadUrl, nextcloud_username: 'scans' };

    const { text } = draftWith(plain, setting('nextcloud_password'));

    expect(providerIn(text, 'nextcloud')).toMatchObject({ url, username: 'scans' });
  });

  it('tells the address of Paperless-ngx, and not whose token it is', () => {
    const plain = { paperless_host: 'https://paperless.example.com' };

    const { text } = draftWith(plain, setting('paperless_ngx_api_token'));

    expect(providerIn(text, 'paperless')).toMatchObject({ url: 'https://paperless.example.com', username: null });
  });

  it('is left open where the section cannot take it', () => {
    const { text } = draftWith({ azure_endpoint: 'not an address' }, setting('azure_ai_key'));

    expect(providerIn(text, 'azure')).toMatchObject({ endpoint: null });
    expect(text).not.toContain('not an address');
  });

  it.each([
    [{}, true],
    [{ ocr_providers: 'tesseract,mistral' }, true],
    [{ ocr_providers: 'tesseract, azure' }, false],
  ])('says with %j whether no scan is read with Azure: %s', (plain, isSaid) => {
    expect(draftWith(plain, setting('azure_ai_key')).text.includes('reads no scan with Azure')).toBe(isSaid);
  });
});

describe('A setting from the environment', () => {
  it('gets a delivery to the environment file proposed, which can be used as it stands', () => {
    const { text } = draft(setting('aws_access_key_id'), setting('aws_secret_access_key'));

    const uncommented = text
      .replace(/^ {4}# (deliver:)/m, '    $1')
      .replace(/^ {4}#( {3}(?:- envFile| {2}variable| {2}part):)/gm, '    $1');

    expect(text).toContain('A worker that starts while its Redis is empty');
    expect((parse(uncommented) as Parsed).credentials['aws']).toMatchObject({
      deliver: [
        { envFile: '/srv/docuelevate/.env', variable: 'AWS_ACCESS_KEY_ID', part: 'id' },
        { envFile: '/srv/docuelevate/.env', variable: 'AWS_SECRET_ACCESS_KEY', part: 'secret' },
      ],
    });
  });

  it('does not when it is in the database', () => {
    expect(draft(setting('openai_api_key', { source: 'db' })).text).not.toContain('deliver:');
  });
});

interface Parsed {
  readonly credentials: Readonly<Record<string, { readonly provider: unknown }>>;
}

function providerIn(text: string, credential: string): unknown {
  return (parse(text) as Parsed).credentials[credential]?.provider;
}
