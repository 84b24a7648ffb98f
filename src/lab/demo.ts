import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { bundlePath } from '../../workers/bundle.js';
import { installRuntime, startWorkers } from '../../workers/rotation-worker.js';
import { progress } from '../../workflows/rotation/messages.js';
import type { Duration } from '../domain/duration.js';
import type { Progress, RotationReport } from '../domain/rotation.js';
import { UserError } from '../domain/user-error.js';
import { type Defer, withCleanup } from './with-cleanup.js';
import { adopt } from '../operations/adopt.js';
import { inputOf, openSession, type Session } from '../operations/session.js';
import { startRotation } from '../operations/start-rotation.js';
import { descriptorOf } from '../../workers/compose.js';
import { findTemporalBinary, type TemporalBinary } from '../temporal/binary.js';
import { connectClient, connectWorker, embeddedTarget, type TemporalTarget } from '../temporal/connect.js';
import { startEmbeddedServer } from '../temporal/embedded.js';
import { ensureSearchAttributes } from '../temporal/search-attributes.js';
import { findSecrets } from './canary.js';
import { startConsumer } from './consumer.js';
import { createPlayground, type Playground } from './playground.js';
import type { Scenario } from './scenario.js';
import { scenarios } from './scenarios/index.js';

export interface DemoReport {
  readonly procedure: string;
  readonly outcome: RotationReport['outcome'];
  readonly steps: readonly { readonly title: string; readonly outcome: string; readonly ms: number }[];
  /** Uses of the engine every 100 ms while its credential was rotated. */
  readonly consumer: { readonly probes: number; readonly failed: number };
  readonly oldCredential: RotationReport['oldCredential'];
  /** Secrets of the scenario found in Temporal's database and in any log. */
  readonly secretsFoundInTemporal: number;
  readonly seconds: number;
}

export interface DemoOptions {
  readonly procedure: string;
  readonly grace?: Duration;
  readonly onLine: (line: string) => void;
  readonly onProgress: (progress: Progress) => void;
}

/**
 * Rotates a credential of simulated systems on a Temporal server of its own, with somebody using the engine all the time.
 * Reaches nothing but loopback; leaves nothing behind.
 */
export async function runDemo({
  procedure,
  grace = '2 seconds',
  onLine,
  onProgress,
}: DemoOptions): Promise<DemoReport> {
  const start = scenarios[procedure];
  if (!start) throw unknownProcedure(procedure);
  const binary = await findTemporalBinary({ report: onLine });
  const begun = Date.now();
  return withCleanup(async (defer) => {
    const scenario = await start({ latencyMs: 5 });
    defer(() => scenario.stop());
    for (const [name, { url }] of Object.entries(scenario.systems)) onLine(`Simulated ${name}: ${url}`);
    const playground = await createPlayground(scenario, { grace });
    defer(() => playground.remove());

    const played = await withCleanup((release) => play({ scenario, playground, binary, onLine, onProgress }, release));
    const secretsFoundInTemporal = await countSecrets(playground.dataDir, scenario);
    return { procedure, ...played, secretsFoundInTemporal, seconds: (Date.now() - begun) / 1000 };
  });
}

type Stage = Pick<DemoOptions, 'onLine' | 'onProgress'> & {
  scenario: Scenario;
  playground: Playground;
  binary: TemporalBinary;
};
type Played = Omit<DemoReport, 'procedure' | 'secretsFoundInTemporal' | 'seconds'>;

/** Server, worker, adoption and one rotation. */
async function play({ scenario, playground, binary, onLine, onProgress }: Stage, defer: Defer): Promise<Played> {
  const { dataDir } = playground;
  const { credential, adopted } = scenario;
  installRuntime(pino(pino.destination({ dest: join(dataDir, 'keyturn.log'), sync: true })));
  const server = await startEmbeddedServer({ dataDir, binary, report: onLine });
  defer(() => server.stop());
  onLine(`Temporal server: ${server.address}`);
  const { client, session } = await startWork({ file: playground.file, target: embeddedTarget(server.address) }, defer);

  await adopt(session, { credential, parts: adopted, soleUser: true, actor: 'demo' });
  onLine(`Adopted the value that is in force, as version 1 of ${credential}`);
  const consumer = startConsumer(() => scenario.consume());
  defer(() => consumer.stop());
  const { report, steps } = await rotate({ client, session, credential, onProgress });
  await consumer.stop();
  const { probes, failed } = consumer;
  return { outcome: report.outcome, steps, consumer: { probes, failed }, oldCredential: report.oldCredential };
}

async function startWork(
  { file, target }: { file: string; target: TemporalTarget },
  defer: Defer,
): Promise<{ client: Client; session: Session }> {
  const client = await connectClient(target);
  defer(() => client.connection.close());
  await ensureSearchAttributes(client.connection, target.namespace);
  const connection = await connectWorker(target);
  defer(() => connection.close());
  const session = await openSession({ file, create: true });
  defer(() => session.close());
  const { store, activities } = session;
  const workers = await startWorkers({
    connection,
    namespace: target.namespace,
    bundle: bundlePath,
    store,
    activities,
  });
  defer(() => workers.stop());
  return { client, session };
}

async function rotate({
  client,
  session,
  credential,
  onProgress,
}: { client: Client; session: Session; credential: string } & Pick<DemoOptions, 'onProgress'>) {
  const request = { actor: 'demo', trigger: 'manual', reason: 'to show it' } as const;
  const { handle } = await startRotation(
    client,
    descriptorOf(session.config, credential),
    inputOf(session.config, credential, request),
  );
  const ended = handle.result();
  let over = false;
  void ended.finally(() => (over = true)).catch(() => undefined);
  while (!over) {
    onProgress(await handle.query(progress));
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  const last = await handle.query(progress);
  onProgress(last);
  const steps = last.steps.map(({ title, outcome, state, startedAt, endedAt }) => ({
    title,
    outcome: outcome ?? state,
    ms: (endedAt ?? startedAt) - startedAt,
  }));
  return { report: await ended, steps };
}

/** A search that finds nothing proves something only if it can find: the workflow's id is in Temporal's database in clear. */
async function countSecrets(dataDir: string, scenario: Scenario): Promise<number> {
  const control = await findSecrets(dataDir, [`rotation/${scenario.credential}`]);
  if (control.length === 0) throw new Error('the search for secrets does not see the content of the database');
  return (await findSecrets(dataDir, scenario.secrets())).reduce((sum, leak) => sum + leak.secrets, 0);
}

function unknownProcedure(id: string): UserError {
  return new UserError(`There is no procedure "${id}"`, {
    state: 'Nothing was started.',
    next: `Choose one of: ${Object.keys(scenarios).join(', ')}`,
  });
}
