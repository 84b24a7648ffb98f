// The worker under test: a process of its own, built from the same parts as every worker, that can be killed at any
// point. A worker that survives its case takes part in another one, built anew.
import { flushCompileCache } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { Agent, setGlobalDispatcher } from 'undici';
import { bundlePath } from '../../workers/bundle.js';
import { composeSystems } from '../../workers/compose.js';
import { type Activities, registered } from '../../workers/registered.js';
import { installRuntime, type RunningWorkers, startWorkers } from '../../workers/rotation-worker.js';
import { openSession } from '../operations/session/session.js';
import { type Defer, withCleanup } from '../lab/with-cleanup.js';
import type { Store } from '../store/store.js';
import { connectWorker } from '../temporal/connect.js';
import { embeddedTarget } from '../temporal/settings.js';
import { standAroundFiles } from './file-changes.js';
import type { Assignment, Order, WorkerMessage } from './setback.js';
import { createRecorder } from './recorder.js';

/** Takes one safety rule out of what a worker is built from. */
export interface Without {
  readonly store?: (store: Store) => Store;
  readonly activities?: (activities: Activities, store: Store) => Activities;
  /** Changes the workflow bundle; only for simulated workers. */
  readonly workflows?: (bundle: string) => string;
}

const pollsEndMs = 200;
const silenceMs = 1_000; // the crash matrix does not wait 20 seconds for an answer that never comes

process.once('disconnect', () => process.exit());
installRuntime(pino({ level: 'silent' }));
flushCompileCache(); // this process hardly ever ends by itself
for (;;) {
  const begun = told('work');
  await report({ event: 'loaded' });
  const { assignment } = await begun;
  await withCleanup((defer) => work(assignment, defer)).catch((error: unknown) =>
    report({ event: 'failed', why: error instanceof Error ? error.message : 'unknown' }),
  );
}

/** From the assignment until the worker may rest. After that, nothing of it goes on. */
async function work({ file, temporalData, setback, without }: Assignment, defer: Defer): Promise<void> {
  const over = told('rest');
  const session = await openSession({ file });
  defer(() => session.close());
  const running: { workers?: RunningWorkers } = {};
  const recorder = createRecorder({
    setback,
    report,
    goOn: () => told('go on').then(() => undefined),
    async retire() {
      // Frozen attempts keep it from stopping well. The case goes on with what they do when they thaw.
      running.workers?.stop().catch(() => undefined);
      await delay(pollsEndMs);
    },
  });
  const agent = new Agent({ headersTimeout: silenceMs });
  defer(() => agent.destroy());
  setGlobalDispatcher(agent.compose(recorder.requests));
  standAroundFiles((request, change) => recorder.change(request, change));
  const change = without ? await rule(without) : {};
  const store = recorder.store(change.store?.(session.store) ?? session.store);
  const activities = registered(composeSystems(session.config, store));
  const target = embeddedTarget(temporalData);
  const connection = await connectWorker(target);
  defer(() => connection.close());
  const workers = await startWorkers({
    ...{ connection, namespace: target.namespace, bundle: bundlePath, store },
    activities: recorder.activities(change.activities?.(activities, store) ?? activities),
  });
  defer(() => workers.stop());
  running.workers = workers;
  await report({ event: 'ready' });
  await over;
}

/** Waits for the next order of this kind. */
function told<O extends Order['order']>(order: O): Promise<Extract<Order, { order: O }>> {
  return new Promise((resolve) => {
    const hear = (said: Order): void => {
      if (said.order !== order) return;
      process.off('message', hear);
      resolve(said as Extract<Order, { order: O }>);
    };
    process.on('message', hear);
  });
}

async function rule({ module, rule: name }: NonNullable<Assignment['without']>): Promise<Without> {
  const { without } = (await import(module)) as { without: Readonly<Record<string, Without>> };
  const found = without[name];
  if (!found) throw new Error(`${module} takes out no rule called ${name}`);
  if (found.workflows)
    throw new Error(`"${name}" is a rule of the workflows, which this worker has as they were built`);
  return found;
}

function report(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || !process.send) return resolve();
    process.send(message, () => resolve());
  });
}
