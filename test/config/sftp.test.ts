import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../src/config/config-error.js';
import { loadConfig } from '../../src/config/load.js';
import { providerOf } from '../../activities/providers.js';
import { draftConfiguration } from '../../src/operations/setup/draft.js';
import { newLabKey } from '../../src/lab/sftp/keys.js';
import { catalog } from '../../workflows/catalog.js';

const folder = mkdtempSync(join(tmpdir(), 'keyturn-sftp-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const key = newLabKey();
const account = {
  ...{ host: 'sftp.example.com', username: 'docs', hostKey: `ssh-ed25519 ${key.blob}`, adminKey: { env: 'ADMIN_KEY' } },
  keyFile: './keys/docuelevate_sftp',
};
const engine = (name: string): string =>
  `  ${name}: { kind: docuelevate, url: "https://${name}.example.com", admin: { username: keyturn, password: { env: ADMIN } } }\n`;
const sftp = (name: string, on: string, changes: object = {}): string =>
  `  ${name}: ${JSON.stringify({ procedure: 'sftp-private-key', engine: on, provider: { ...account, ...changes } })}\n`;

function load(...credentials: string[]) {
  const file = join(folder, 'keyturn.yaml');
  writeFileSync(
    file,
    `store: sqlite:./keyturn.db\nengines:\n${engine('one')}${engine('two')}credentials:\n${credentials.join('')}`,
  );
  return loadConfig(file, catalog);
}
function complaints(...credentials: string[]): string {
  try {
    load(...credentials);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
  }
  return '';
}

it('has the path of the key file made absolute, and port and file of keys filled in', () => {
  expect(load(sftp('sftp', 'one')).credentials['sftp']?.provider).toMatchObject({
    ...{ port: 22, authorizedKeys: '.ssh/authorized_keys', propagation: '0 seconds' },
    keyFile: join(folder, 'keys', 'docuelevate_sftp'),
  });
});

it('lets an authorized_keys file belong to one credential', () => {
  expect(complaints(sftp('first', 'one'), sftp('second', 'two'))).toContain(
    '"first" already rotates the keys of the same sftp account',
  );
  expect(complaints(sftp('first', 'one'), sftp('second', 'two', { username: 'others' }))).toBe('');
});

it('says what a host key looks like, and that the engine wants an absolute path', () => {
  expect(complaints(sftp('sftp', 'one', { hostKey: 'SHA256:abc' }))).toContain('ssh-ed25519 AAAA');
  expect(complaints(sftp('sftp', 'one', { keyFileInEngine: 'keys/sftp' }))).toContain('an absolute path');
});

it('adopts the text of a private key and nothing else', () => {
  const parts = (given: Record<string, string>) => providerOf('sftp').parts(given);

  expect(parts({ privateKey: `\n${key.privateKey}\n` })).toEqual({ privateKey: key.privateKey.trim() });
  for (const privateKey of ['', '/app/keys/docuelevate_sftp', `ssh-ed25519 ${key.blob}`])
    expect(() => parts({ privateKey })).toThrow();
});

it('is drafted with what only the operator knows left open', () => {
  const setting = {
    key: 'sftp_private_key',
    category: 'Storage',
    description: 'A path',
    configured: true,
    source: 'env',
  };
  const engine = {
    kind: 'docuelevate' as const,
    url: 'https://docs.example.com',
    username: 'keyturn',
    plain: {},
    credentials: [{ ...setting, source: 'env' as const }],
  };

  const { text, credentials, secretFiles } = draftConfiguration(engine, catalog);

  expect(credentials).toEqual(['sftp']);
  expect(secretFiles).toEqual(['./keyturn.secrets/sftp-adminKey']);
  for (const field of ['host', 'username', 'hostKey', 'keyFile'])
    expect(text).toMatch(new RegExp(`^      ${field}:$`, 'm'));
});

it('takes a private key that was saved on Windows', () => {
  const privateKey = key.privateKey.replaceAll('\n', '\r\n');

  expect(providerOf('sftp').parts({ privateKey })).toEqual({ privateKey: key.privateKey.trim() });
});
