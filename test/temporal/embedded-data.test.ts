import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TemporalBinary } from '../../src/temporal/binary.js';
import { connectClient } from '../../src/temporal/connect.js';
import { embeddedTarget } from '../../src/temporal/settings.js';
import { findEmbeddedServer, startEmbeddedServer, type EmbeddedServer } from '../../src/temporal/embedded.js';
import { realTemporal, removeTemporaryDirectories, temporaryDirectory } from './support.js';

let binary: TemporalBinary;
let dataDir: string;
let lines: string[];

beforeAll(async () => {
  binary = await realTemporal();
}, 600_000);
beforeEach(() => {
  dataDir = temporaryDirectory();
  lines = [];
});
afterEach(removeTemporaryDirectories);

function start(serverVersion = binary.serverVersion): Promise<EmbeddedServer> {
  return startEmbeddedServer({ dataDir, binary: { ...binary, serverVersion }, report: (line) => lines.push(line) });
}

it('keeps workflows over a restart, and sets a database of another server version aside', async () => {
  const exists = async (): Promise<boolean> => {
    const client = await connectClient(embeddedTarget(dataDir));
    const seen = await client.workflow
      .getHandle('kept')
      .describe()
      .then(
        () => true,
        () => false,
      );
    await client.connection.close();
    return seen;
  };

  const first = await start();
  const client = await connectClient(embeddedTarget(dataDir));
  await client.workflow.start('waitsForAWorker', { workflowId: 'kept', taskQueue: 'nobody' });
  await client.connection.close();
  await first.stop();
  const again = await start();
  const keptOverRestart = await exists();
  await again.stop();
  const newer = await start('1.99.0');
  const keptOverUpgrade = await exists();
  await newer.stop();

  expect([keptOverRestart, keptOverUpgrade]).toEqual([true, false]);
  const aside = join(dataDir, `temporal.db.${binary.serverVersion}-`);
  expect(lines).toEqual([expect.stringContaining(`of another server version set aside: ${aside}`)]);
  expect(existsSync(lines[0]?.split(': ')[1] ?? '')).toBe(true);
  expect(readdirSync(dataDir)).toContain('temporal.log.1');
});

it('takes over the files of a dead server, even when its process id now belongs to another process', async () => {
  const record = { address: '127.0.0.1:1', pid: process.pid, owner: process.pid, startedAt: new Date().toISOString() };
  writeFileSync(join(dataDir, 'temporal.json'), JSON.stringify(record));
  writeFileSync(join(dataDir, 'temporal.lock'), '');

  const before = await findEmbeddedServer(dataDir);
  const server = await start();

  expect(before).toBeNull();
  expect((await findEmbeddedServer(dataDir))?.pid).toBe(server.pid);
  await server.stop();
});
