import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TemporalBinary } from '../../src/temporal/binary.js';
import { embeddedFiles } from '../../src/temporal/embedded-files.js';
import { findEmbeddedServer, startEmbeddedServer } from '../../src/temporal/embedded.js';
import { isLocked } from '../../src/temporal/lock.js';
import { isAlive, parentOf, realTemporal, removeTemporaryDirectories, temporaryDirectory, until } from './support.js';

let binary: TemporalBinary;
const started: Kept[] = [];

interface Kept {
  readonly dataDir: string;
  readonly parent: ChildProcess;
  readonly server: number;
  readonly keeper: number;
}

beforeAll(async () => {
  binary = await realTemporal();
}, 600_000);
afterEach(async () => {
  for (const { parent, dataDir } of started.splice(0)) {
    parent.kill('SIGKILL');
    await until('the keeper is gone', () => !isLocked(embeddedFiles(dataDir).lock));
  }
  removeTemporaryDirectories();
});

/** Starts a server from a process of its own, which can then be ended in every way. */
async function startFromParent({
  then = 'wait',
  env = {},
}: { then?: 'wait' | 'end'; env?: Record<string, string> } = {}): Promise<Kept> {
  const dataDir = temporaryDirectory();
  const from = (name: string): string => join(__dirname, name);
  const parent = spawn(
    process.execPath,
    ['--import', from('from-source.ts'), from('parent.ts'), dataDir, binary.path, then],
    {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const server = Number(line.toString());
  const kept = { dataDir, parent, server, keeper: parentOf(server) };
  started.push(kept);
  return kept;
}

async function nothingIsLeft({ dataDir, server, keeper }: Kept): Promise<void> {
  await until('server and keeper are gone', () => !isAlive(server) && !isAlive(keeper));
  expect(existsSync(embeddedFiles(dataDir).address)).toBe(false);
  expect(await findEmbeddedServer(dataDir)).toBeNull();
}

it('leaves nothing behind when its parent ends by Ctrl-C, SIGTERM or SIGKILL, or without stopping it', async () => {
  const signals = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const;
  const [ended, ...signaled] = await Promise.all([
    startFromParent({ then: 'end' }),
    ...signals.map(async (signal) => {
      const kept = await startFromParent();
      kept.parent.kill(signal);
      return kept;
    }),
  ]);

  for (const kept of [ended, ...signaled]) await nothingIsLeft(kept);

  expect(ended.parent.exitCode).toBe(0);
  expect(signaled.map(({ parent }) => parent.signalCode)).toEqual(signals);
});

it('stands apart: in a process group that no Ctrl-C reaches, and without the secrets of our environment', async () => {
  const canary = randomUUID();

  const { parent, keeper, server } = await startFromParent({ env: { OPENAI_ADMIN_KEY: canary } });

  expect(() => process.kill(-keeper, 0)).not.toThrow(); // it leads a group
  if (!existsSync('/proc/self/environ')) return; // the rest can be shown on Linux only
  const environment = (pid: number | undefined): string => readFileSync(`/proc/${pid}/environ`, 'utf8');
  expect(environment(parent.pid)).toContain(canary);
  expect(environment(keeper) + environment(server)).not.toContain(canary);
});

it('ends the server when the keeper alone is killed', async () => {
  const { dataDir, keeper, server } = await startFromParent();

  process.kill(keeper, 'SIGKILL');

  await until('the server is gone', () => !isAlive(server));
  expect(await findEmbeddedServer(dataDir)).toBeNull();
});

it('ends a server that was left alone before it starts the next on the same data', async () => {
  const { dataDir, parent, keeper, server } = await startFromParent();
  parent.kill('SIGSTOP'); // it must not notice that its keeper is killed
  process.kill(keeper, 'SIGKILL');
  parent.kill('SIGKILL');
  await until('the keeper is gone', () => !isAlive(keeper));
  expect(isAlive(server)).toBe(true);

  const next = await startEmbeddedServer({ dataDir, binary, report: () => undefined });

  expect(isAlive(server)).toBe(false);
  expect(isAlive(next.pid)).toBe(true);
  await next.stop();
});
