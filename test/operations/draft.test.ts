import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.js';
import { draftConfiguration } from '../../src/operations/draft.js';
import { catalog } from '../../workflows/catalog.js';

const setting = (key: string, change: object = {}) => ({
  ...{ key, category: 'Storage', description: `What ${key} is for`, configured: true, source: 'env' as const },
  ...change,
});
const draft = (...credentials: ReturnType<typeof setting>[]) =>
  draftConfiguration(
    { kind: 'docuelevate', url: 'https://docs.example.com', username: 'key: "turn" #1', credentials },
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
    setting('nextcloud_password', { source: 'db' }),
    setting('email_password', { category: 'Mail' }),
    setting('openai_api_key', { configured: false }),
  );

  expect(credentials).toEqual([]);
  expect(withoutProcedure).toEqual(['nextcloud_password', 'email_password']);
  expect(text).toMatch(/# {3}Storage\n# {5}nextcloud_password: .+ \(set in its database\)\n#\n# {3}Mail\n/);
  expect(load(text).credentials).toEqual({});
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
    { kind: 'document-engine', url: 'https://viewer.example.com', credentials },
    catalog,
  );

  const names = ['document-engine-secret-key-base', 'document-engine-jwt'];
  expect(drawn).toEqual({ credentials: names, withoutProcedure: [], secretFiles: [] });
  expect(() => load(text)).toThrow('credentials.document-engine-jwt.deliver.0');
  const filledIn = load(text.replace(/- file:$/m, '- file: /srv/app/viewer-key.pem'));
  expect(Object.keys(filledIn.credentials)).toEqual(names);
  expect(filledIn.engines['viewer']).toMatchObject({
    kind: 'document-engine',
    apiToken: { file: expect.any(String) as string },
  });
});
