import type { Client } from '@temporalio/client';
import { bundlePath } from '../../workers/bundle.js';
import type { Activities } from '../../workers/registered.js';
import { startWorkers } from '../../workers/rotation-worker.js';
import { adopt } from '../operations/setup/adopt.js';
import { openSession, type Session } from '../operations/session/session.js';
import type { TemporalBinary } from '../temporal/binary.js';
import { connectClient, connectWorker, type TemporalTarget } from '../temporal/connect.js';
import { embeddedTarget } from '../temporal/settings.js';
import { startEmbeddedServer } from '../temporal/embedded.js';
import { ensureSearchAttributes } from '../temporal/search-attributes.js';
import { employ } from './people.js';
import type { Playground } from './playground.js';
import type { Scenario } from './scenario.js';
import type { Defer } from './with-cleanup.js';

export interface RehearsalOptions {
  readonly scenario: Scenario;
  readonly playground: Playground;
  readonly binary: TemporalBinary;
  readonly report?: (line: string) => void;
  /** Wraps the activities, so that tests can inject faults. */
  readonly around?: (activities: Activities) => Activities;
}

/** A running Keyturn on simulated systems, with a Temporal server of its own. */
export interface Rehearsal {
  readonly session: Session;
  readonly client: Client;
  readonly target: TemporalTarget;
}

/** Starts everything on a playground and adopts the value in force. Defers the cleanup of everything it starts, in the right order. */
export async function startRehearsal(options: RehearsalOptions, defer: Defer): Promise<Rehearsal> {
  const { scenario, playground, binary, report = () => undefined, around = (activities) => activities } = options;
  const server = await startEmbeddedServer({ dataDir: playground.dataDir, binary, report });
  defer(() => server.stop());
  report(`Temporal server: ${server.address}`);
  const session = await openSession({ file: playground.file, create: true });
  defer(() => session.close());
  const { credential, adopted: parts } = scenario;
  await adopt(session, { credential, parts, soleUser: true, actor: 'lab' });
  report(`Adopted the value in force as version 1 of ${credential}`);
  const target = embeddedTarget(playground.dataDir);
  const client = await startClientAndWorkers({ ...session, activities: around(session.activities) }, target, defer);
  if (scenario.people) defer(employ(scenario.people, session, client));
  return { session, client, target };
}

async function startClientAndWorkers(
  { store, activities }: Session,
  target: TemporalTarget,
  defer: Defer,
): Promise<Client> {
  const { namespace } = target;
  const client = await connectClient(target);
  defer(() => client.connection.close());
  await ensureSearchAttributes(client.connection, namespace);
  const connection = await connectWorker(target);
  defer(() => connection.close());
  const workers = await startWorkers({ connection, namespace, bundle: bundlePath, store, activities });
  defer(() => workers.stop());
  return client;
}
