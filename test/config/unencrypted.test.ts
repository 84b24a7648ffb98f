import { writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load.js';
import { isPlain, refuseUnverifiedTls, unencrypted } from '../../src/config/unencrypted.js';
import { draftConfiguration } from '../../src/operations/setup/draft.js';
import { catalog } from '../../workflows/catalog.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'keyturn-plain-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function load(url: string, more = '') {
  const file = join(folder, 'keyturn.yaml');
  const engine = `{ kind: docuelevate, url: "${url}", admin: { username: admin, password: { env: PASSWORD } } }`;
  const notifications = `notifications: { webhook: { url: "${url}", secret: { env: SECRET } } }`;
  writeFileSync(
    file,
    `store: sqlite:./keyturn.db\n${more}engines:\n  docs: ${engine}\n${notifications}\ncredentials: {}\n`,
  );
  return loadConfig(file, catalog);
}

it('sends secrets to another machine in clear only where the configuration says so', () => {
  const address = 'http://docs.example.com';

  expect(() => load(address)).toThrow(/engines\.docs\.url: .*insecure: true[^]*notifications\.webhook\.url/);
  expect(load(address, 'insecure: true\n').engines['docs']?.url).toBe(address);
  expect(() => load(address, 'insecure: false\n')).toThrow(/insecure: true/);
});

it.each(['https://docs.example.com', 'http://127.0.0.1:8000', 'http://localhost', 'http://[::1]:8000'])(
  'says nothing of %s',
  (address) => {
    expect(load(address).engines['docs']?.url).toBe(address);
  },
);

it.each(['http://localhost.example.com', 'http://127.0.0.1.example.com', 'HTTP://docs', 'http://0.0.0.0'])(
  'does not take %s for this machine',
  (address) => {
    expect(isPlain(address)).toBe(true);
  },
);

it('finds logins that other machines would get in clear', () => {
  const probe = (host: string, security?: string) => ({
    credentials: { mail: { probe: { protocol: 'imap', host, security } } },
  });

  expect(unencrypted(probe('mail.example.com', 'none'))).toMatchObject([
    {
      path: ['credentials', 'mail', 'probe', 'security'],
      message: expect.stringContaining('insecure: true') as string,
    },
  ]);
  expect(unencrypted(probe('127.0.0.1', 'none'))).toEqual([]);
  expect(unencrypted(probe('mail.example.com', 'starttls'))).toEqual([]);
  expect(unencrypted(probe('mail.example.com'))).toEqual([]);
  expect(unencrypted({ ...probe('mail.example.com', 'none'), insecure: true })).toEqual([]);
});

it('is not told by init of an engine that it just asked', () => {
  const engine = { kind: 'document-engine', url: 'http://viewer.lan', credentials: [], plain: {} } as const;

  expect(draftConfiguration(engine, catalog).text).toMatch(/^insecure: true$/m);
  expect(draftConfiguration({ ...engine, url: 'https://viewer.lan' }, catalog).text).not.toContain('insecure');
});

it('refuses to start where no certificate would be looked at', () => {
  const set = (value: string | undefined) => () =>
    refuseUnverifiedTls((name) => (name === 'NODE_TLS_REJECT_UNAUTHORIZED' ? value : undefined));

  expect(set('0')).toThrow(/NODE_TLS_REJECT_UNAUTHORIZED=0/);
  expect(set('1')).not.toThrow();
  expect(set(undefined)).not.toThrow();
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  try {
    expect(() => load('https://docs.example.com')).toThrow(/NODE_TLS_REJECT_UNAUTHORIZED=0/);
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  }
});
