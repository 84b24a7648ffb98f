import { join } from 'node:path';
import type { UserError } from '../../src/domain/user-error.js';
import type { TemporalBinary } from '../../src/temporal/binary.js';
import { connectClient } from '../../src/temporal/connect.js';
import { embeddedTarget } from '../../src/temporal/settings.js';
import { findEmbeddedServer, startEmbeddedServer, type EmbeddedServer } from '../../src/temporal/embedded.js';
import { isAlive, realTemporal, refusal, removeTemporaryDirectories, script, temporaryDirectory } from './support.js';

let binary: TemporalBinary;
let dataDir: string;

beforeAll(async () => {
  binary = await realTemporal();
}, 600_000);
beforeEach(() => {
  dataDir = temporaryDirectory();
});
afterEach(removeTemporaryDirectories);

function start(options: { binary?: TemporalBinary } = {}): Promise<EmbeddedServer> {
  return startEmbeddedServer({ dataDir, binary, report: () => undefined, ...options });
}

it('is found while it runs, refuses a second one on the same data, and is gone after stop', async () => {
  const server = await start();

  const found = await findEmbeddedServer(dataDir);
  const second = await refusal(start());

  expect(found).toMatchObject({ address: server.address, pid: server.pid, owner: process.pid });
  expect(Date.parse(found?.startedAt ?? '')).toBeGreaterThan(Date.now() - 60_000);
  for (const detail of [server.address, `process ${server.pid}`, `process ${process.pid}`, found?.startedAt])
    expect(second.state).toContain(detail);
  await server.stop();
  await server.ended;
  expect(isAlive(server.pid)).toBe(false);
  expect(await findEmbeddedServer(dataDir)).toBeNull();
});

it('lets exactly one of two simultaneous starts win', async () => {
  const outcomes = await Promise.allSettled([start(), start()]);

  const [winner, ...others] = outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value);
  const losers = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(others).toEqual([]);
  expect(losers.map(({ reason }) => (reason as UserError).message)).toEqual([
    'A Temporal server already runs on this data',
  ]);
  expect((await findEmbeddedServer(dataDir))?.pid).toBe(winner?.pid);
  await winner?.stop();
});

it('fires short timers on time, not on the next full second', async () => {
  const server = await start();
  const client = await connectClient(embeddedTarget(dataDir));
  const tookMs: number[] = [];

  for (const workflowId of ['first', 'second', 'third']) {
    const handle = await client.workflow.start('waitsForAWorker', {
      workflowId,
      taskQueue: 'nobody',
      workflowRunTimeout: 50,
    });
    const startedAt = Date.now();
    await handle.result().catch(() => undefined);
    tookMs.push(Date.now() - startedAt);
  }

  expect(Math.min(...tookMs)).toBeLessThan(500); // about 900 as shipped, 50 with the fast settings
  await client.connection.close();
  await server.stop();
});

it('tells the last lines of the log when the server ends early, and leaves nothing running', async () => {
  const path = script(join(dataDir, 'temporal'), 'echo "Error: the disk is on fire" >&2', 'exit 1');

  const failed = await refusal(start({ binary: { ...binary, path } }));

  expect(failed.message).toBe('The embedded Temporal server ended while it started');
  expect(failed.state).toContain('Error: the disk is on fire');
  expect(await findEmbeddedServer(dataDir)).toBeNull();
});

it('says so when the executable cannot be run', async () => {
  const failed = await refusal(start({ binary: { ...binary, path: join(dataDir, 'missing') } }));

  expect(failed.message).toBe('The embedded Temporal server could not be started');
  expect(failed.state).toContain('ENOENT');
});
