import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { TemporalBinary } from '../../src/temporal/binary.js';
import { connectClient, connectWorker } from '../../src/temporal/connect.js';
import { embeddedTarget } from '../../src/temporal/settings.js';
import { embeddedFiles } from '../../src/temporal/embedded-files.js';
import { startEmbeddedServer, type EmbeddedServer } from '../../src/temporal/embedded.js';
import { openConnection } from '../../src/temporal/open.js';
import { freePorts } from '../../src/temporal/ports.js';
import { realTemporal, refusal, removeTemporaryDirectories, script, temporaryDirectory } from './support.js';

const asRoot = process.getuid?.() === 0 ? it : it.skip;

let binary: TemporalBinary;
let dataDir: string;
const listening: Server[] = [];

beforeAll(async () => {
  binary = await realTemporal();
}, 600_000);
beforeEach(() => {
  dataDir = temporaryDirectory();
});
afterEach(() => {
  for (const server of listening.splice(0)) server.close();
  removeTemporaryDirectories();
});

function start(port?: number): Promise<EmbeddedServer> {
  return startEmbeddedServer({ dataDir, binary, report: () => undefined, ...(port !== undefined && { port }) });
}

/** A port on which somebody else listens. */
async function taken(): Promise<number> {
  const [port = 0] = await freePorts(1);
  const somebody = createServer().listen(port, '127.0.0.1');
  listening.push(somebody);
  await once(somebody, 'listening');
  return port;
}

it('lets in who shows a certificate from the data folder, and no client or worker without', async () => {
  const server = await start();
  const { address, connectionOptions, ...rest } = embeddedTarget(dataDir);
  const { tls } = connectionOptions;
  if (typeof tls !== 'object' || !tls) throw new Error('no TLS');
  const withoutCertificate = { ...tls };
  delete withoutCertificate.clientCertPair;
  const strangers = [
    { ...rest, address, connectionOptions: { address } },
    { ...rest, address, connectionOptions: { address, tls: withoutCertificate } },
  ];

  const refused = await Promise.all(
    strangers.flatMap((target) => [refusal(connectClient(target, 1_500)), refusal(connectWorker(target, 1_500))]),
  );
  const client = await connectClient(embeddedTarget(dataDir));

  expect(refused.map(({ message }) => message)).toEqual(refused.map(() => `Temporal at ${address} cannot be used`));
  expect(client.options.namespace).toBe('default');
  await client.connection.close();
  await server.stop();
});

it('writes down how to get in as other programs of Temporal read it', async () => {
  const server = await start();

  const read = loadClientConnectConfig({ configSource: { path: server.clientConfig }, configFileStrict: true });
  const { connectionOptions, namespace = '' } = read;
  const connection = await openConnection({ connectionOptions, namespace }, 5_000);

  expect(namespace).toBe('default');
  expect(statSync(server.clientConfig).mode & 0o777).toBe(0o600);
  expect(readFileSync(server.clientConfig, 'utf8')).not.toContain('PRIVATE KEY');
  await connection.close();
  await server.stop();
});

it('tries other ports when somebody was faster', async () => {
  const tried = join(dataDir, 'tried');
  const path = script(
    join(dataDir, 'temporal-server'),
    `[ -e ${tried} ] && exec ${binary.path} "$@"`,
    `touch ${tried}`,
    'echo "2026-11-29T12:00:00.000Z fatal listen tcp 127.0.0.1:30001: bind: address already in use"',
    'echo "main.main"',
    'printf "\\tcmd/server/main.go:30\\n%.0s" 1 2 3 4 5 6 7 8 9',
    'exit 1',
  );
  const [port = 0] = await freePorts(1);

  const server = await startEmbeddedServer({ dataDir, binary: { ...binary, path }, port, report: () => undefined });

  expect(existsSync(tried)).toBe(true);
  expect(server.address).toBe(`127.0.0.1:${port}`);
  await server.stop();
});

it('says so when its own port stays taken', async () => {
  const port = await taken();

  const failed = await refusal(start(port));

  expect(failed.message).toBe(`Port ${port} of this machine is in use`);
});

it('names who may use a server whose certificates cannot be read', async () => {
  expect(() => embeddedTarget(dataDir)).toThrow('The certificates of the embedded Temporal server cannot be read');
});

it('starts nothing in a folder that others may write to', async () => {
  dataDir = join(dataDir, 'open');
  mkdirSync(dataDir);
  chmodSync(dataDir, 0o777);

  const refused = await refusal(start());

  expect(refused.state).toContain(`Others may write to ${dataDir}`);
  expect(refused.next).toContain(`chmod go-w ${dataDir}`);
});

asRoot("starts nothing in another user's folder", async () => {
  dataDir = join(dataDir, 'theirs');
  mkdirSync(dataDir);
  chownSync(dataDir, 65_534, 65_534);

  const refused = await refusal(start());

  expect(refused.state).toContain('belongs to another user');
});

asRoot("starts nothing with another user's certificates", async () => {
  mkdirSync(embeddedFiles(dataDir).certificates.directory, { mode: 0o700 });
  execFileSync('chown', ['nobody', embeddedFiles(dataDir).certificates.directory]);

  const refused = await refusal(start());

  expect(refused.state).toContain('EPERM');
});
