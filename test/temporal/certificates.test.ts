import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import {
  certificateFiles,
  certificatesEnd,
  ensureCertificates,
  type CertificateFiles,
  type PairFiles,
} from '../../src/temporal/certificates.js';
import { removeTemporaryDirectories, temporaryDirectory } from './support.js';

const yearMs = 365 * 24 * 3_600_000;
const asRoot = process.getuid?.() === 0 ? it : it.skip;

let files: CertificateFiles;

beforeEach(() => {
  files = certificateFiles(join(temporaryDirectory(), 'certificates'));
});
afterEach(removeTemporaryDirectories);

const read = (file: string): string => readFileSync(file, 'utf8');
const all = ({ directory }: CertificateFiles): string[] => readdirSync(directory).sort();
const contents = (of: CertificateFiles): string[] => all(of).map((name) => read(join(of.directory, name)));
const shown = ({ certificate, key }: PairFiles): { cert: string; key: string } => ({
  cert: read(certificate),
  key: read(key),
});

interface Sides {
  readonly server: PairFiles;
  readonly serverTrusts: string;
  readonly client: PairFiles | null;
  readonly clientTrusts: string;
}

/** What a client hears from a server that asks for certificates, or why it hears nothing. */
async function greeting({ server, serverTrusts, client, clientTrusts }: Sides): Promise<string> {
  const listening = createServer(
    { ...shown(server), ca: read(serverTrusts), requestCert: true, rejectUnauthorized: true },
    (socket) => socket.end('welcome'),
  ).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  const own = client ? shown(client) : {};
  const socket = connect({ ...own, host: '127.0.0.1', port, ca: read(clientTrusts), servername: 'localhost' });
  try {
    const said: string[] = [];
    for await (const chunk of socket) said.push(String(chunk));
    return said.join('');
  } catch (err) {
    return (err as NodeJS.ErrnoException).code ?? 'unknown';
  } finally {
    listening.close();
  }
}

const between = ({ server, client, authority }: CertificateFiles): Sides => ({
  ...{ server, client },
  serverTrusts: authority.certificate,
  clientTrusts: authority.certificate,
});

it('lets in who holds a certificate of the folder, and nobody else', async () => {
  const strangers = certificateFiles(join(temporaryDirectory(), 'certificates'));
  await ensureCertificates(files);
  await ensureCertificates(strangers);
  const ours = between(files);

  const withAnothers = await greeting({ ...ours, client: strangers.client }); // it depends on who is faster how that ends
  const heard = {
    withOne: await greeting(ours),
    withNone: await greeting({ ...ours, client: null }),
    fromAnother: await greeting({ ...ours, server: strangers.server }),
    fromAClientThatServes: await greeting({ ...ours, server: files.client }),
  };

  expect(withAnothers).not.toContain('welcome');
  expect(heard).toEqual({
    withOne: 'welcome',
    withNone: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    fromAnother: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    fromAClientThatServes: 'INVALID_PURPOSE',
  });
});

it('shows its keys to its user only', async () => {
  await ensureCertificates(files);

  const modes = all(files).map((name) => statSync(join(files.directory, name)).mode & 0o777);

  expect(all(files)).toEqual(['ca.key', 'ca.pem', 'client.key', 'client.pem', 'server.key', 'server.pem']);
  expect(modes).toEqual(modes.map(() => 0o600));
  expect(statSync(files.directory).mode & 0o777).toBe(0o700);
});

it('leaves certificates alone that hold for another year', async () => {
  await ensureCertificates(files);
  const before = contents(files);

  await ensureCertificates(files, Date.now() + 0.9 * yearMs);

  expect(contents(files)).toEqual(before);
  expect(certificatesEnd(files)?.getTime()).toBeGreaterThan(Date.now() + 1.9 * yearMs);
});

it('makes those anew that end within a year, and keeps the authority', async () => {
  const aYearAgo = Date.now() - 1.2 * yearMs;
  await ensureCertificates(files, aYearAgo);
  const [authority, server, client] = [files.authority, files.server, files.client].map(shown);

  await ensureCertificates(files);

  expect(shown(files.authority)).toEqual(authority);
  expect(shown(files.server)).not.toEqual(server);
  expect(shown(files.client)).not.toEqual(client);
  expect(certificatesEnd(files)?.getTime()).toBeGreaterThan(Date.now() + 1.9 * yearMs);
  expect(await greeting(between(files))).toBe('welcome');
});

it('renews the authority in time, and both sides still trust who connected before', async () => {
  await ensureCertificates(files, Date.now() - 8 * yearMs);
  await ensureCertificates(files, Date.now() - 1.2 * yearMs);
  const before = certificateFiles(join(temporaryDirectory(), 'before'));
  cpSync(files.directory, before.directory, { recursive: true });

  await ensureCertificates(files);

  expect(shown(files.authority).cert).not.toBe(shown(before.authority).cert);
  const oldClient = { client: before.client, clientTrusts: before.authority.certificate };
  expect(await greeting({ ...between(files), ...oldClient })).toBe('welcome');
});

it.each<[string, (of: CertificateFiles) => void]>([
  ['a key is missing', ({ client }) => rmSync(client.key)],
  ['a key is of another pair', ({ client, server }) => cpSync(server.key, client.key)],
  [
    'a certificate is cut short',
    ({ server }) => writeFileSync(server.certificate, read(server.certificate).slice(0, 90)),
  ],
  ["the authority's key is lost", ({ authority }) => rmSync(authority.key)],
  ['others could enter the folder', ({ directory }) => chmodSync(directory, 0o755)],
])('puts itself right when %s', async (_, harm) => {
  await ensureCertificates(files);
  harm(files);

  await ensureCertificates(files);

  expect(await greeting(between(files))).toBe('welcome');
  expect(statSync(files.directory).mode & 0o777).toBe(0o700);
});

it('takes no key from a folder that others could enter', async () => {
  await ensureCertificates(files);
  const before = contents(files);
  chmodSync(files.directory, 0o750);

  await ensureCertificates(files);

  expect(contents(files).filter((content) => before.includes(content))).toEqual([]);
});

it('makes them anew when a clock that was ahead was put right', async () => {
  await ensureCertificates(files, Date.now() + 5 * yearMs);

  await ensureCertificates(files);

  expect(await greeting(between(files))).toBe('welcome');
});

asRoot('takes no folder of another user', async () => {
  await ensureCertificates(files);
  chownSync(files.directory, 65_534, 65_534);

  await expect(ensureCertificates(files)).rejects.toMatchObject({ code: 'EPERM' });
});
