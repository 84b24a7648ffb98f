import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { connectClient, connectWorker } from '../../src/temporal/connect.js';
import { embeddedTarget } from '../../src/temporal/settings.js';
import { findEmbeddedServer, startEmbeddedServer } from '../../src/temporal/embedded.js';
import type { Store } from '../../src/store/store.js';
import { ensureSearchAttributes } from '../../src/temporal/search-attributes.js';

export interface TestTemporal {
  readonly dataDir: string;
  readonly address: string;
  readonly client: Client;
  readonly connection: NativeConnection;
  stop(): Promise<void>;
}

/** A Temporal server of a test file's own. Nothing that is configured on this machine is used. */
export async function startTestTemporal(): Promise<TestTemporal> {
  const dataDir = mkdtempSync(join(tmpdir(), 'keyturn-temporal-'));
  const report = () => undefined;
  const server = await startEmbeddedServer({ dataDir, binary: await findTemporalBinary({ report }), report });
  const target = embeddedTarget(dataDir);
  const [client, connection] = await Promise.all([connectClient(target), connectWorker(target)]);
  await ensureSearchAttributes(client.connection, target.namespace);
  return {
    dataDir,
    address: server.address,
    client,
    connection,
    async stop() {
      await Promise.all([client.connection.close(), connection.close()]);
      await killServer(dataDir);
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/**
 * Kills a server as a crash would. A server that is asked to stop waits a second for requests to end, and here there
 * are none.
 */
export async function killServer(dataDir: string): Promise<void> {
  const server = await findEmbeddedServer(dataDir);
  if (server) process.kill(server.pid, 'SIGKILL');
}

const longestPauseMs = 50; // a look at a rotation costs the server and the worker as much as a step of it

/** Polls until a condition holds, less and less often. Otherwise the test's own timeout ends it. */
export async function until<T>(look: () => Promise<T>): Promise<Exclude<T, undefined | null | false>> {
  for (let pauseMs = 5; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const seen = await look();
    if (seen) return seen as Exclude<T, undefined | null | false>;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Waits until a rotation goes on waiting in a later run, and the store knows that run as the writer. */
export async function inLaterRun(
  handle: WorkflowHandle,
  store: Pick<Store, 'rotations'>,
  credential: string,
): Promise<void> {
  await until(async () => {
    const { raw } = await handle.describe();
    const [newest] = await store.rotations(credential);
    return newest !== undefined && newest.runId !== raw.workflowExecutionInfo?.firstRunId;
  });
}
