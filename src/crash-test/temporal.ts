import { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { setTimeout as delay } from 'node:timers/promises';
import { temporaryFolder } from '../lab/temporary-folder.js';
import type { TemporalBinary } from '../temporal/binary.js';
import { connectClient } from '../temporal/connect.js';
import { embeddedTarget } from '../temporal/settings.js';
import { type EmbeddedServer, startEmbeddedServer } from '../temporal/embedded.js';
import { ensureSearchAttributes } from '../temporal/search-attributes.js';

/** A Temporal server that can be killed, and comes back at the same address. */
export interface FragileTemporal {
  readonly dataDir: string;
  readonly client: Client;
  /** Kills the server (SIGKILL), and starts a new one on the same data. */
  crash(): Promise<void>;
  /** Makes the server unavailable for a while. */
  away(ms: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startFragileTemporal(binary: TemporalBinary): Promise<FragileTemporal> {
  const { path: dataDir, remove } = temporaryFolder('keyturn-crash-test-');
  const report = (): void => undefined;
  let server: EmbeddedServer = await startEmbeddedServer({ dataDir, binary, report });
  const { address } = server;
  const port = Number(address.split(':')[1]);
  const target = embeddedTarget(dataDir);
  const { connection } = await connectClient(target);
  await ensureSearchAttributes(connection, target.namespace);
  return {
    dataDir,
    client: impatient(new Client({ connection, namespace: target.namespace })),
    async crash() {
      process.kill(server.pid, 'SIGKILL');
      await server.ended;
      server = await startEmbeddedServer({ dataDir, binary, report, port });
    },
    async away(ms) {
      process.kill(server.pid, 'SIGSTOP');
      await delay(ms);
      process.kill(server.pid, 'SIGCONT');
    },
    async stop() {
      await connection.close();
      await server.stop();
      await remove();
    },
  };
}

/**
 * The same client with the quick timings of the matrix: a dead worker's workflow task is given out again after 2
 * seconds.
 */
function impatient({ connection, options: { namespace } }: Client): Client {
  return new Client({
    connection,
    namespace,
    interceptors: {
      workflow: [
        {
          start: (input, next) =>
            next({ ...input, options: { ...input.options, workflowTaskTimeout: msToTs('2 seconds') } }),
        },
      ],
    },
  });
}
