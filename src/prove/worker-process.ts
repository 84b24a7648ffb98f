// The worker under test: a process of its own, made of the same parts as every worker, that can be killed where it hurts.
import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { Agent, setGlobalDispatcher } from 'undici';
import { RemoteFiles } from '../../activities/sftp/remote-files.js';
import { bundlePath } from '../../workers/bundle.js';
import { composeSystems } from '../../workers/compose.js';
import { type Activities, registered } from '../../workers/registered.js';
import { installRuntime, type RunningWorkers, startWorkers } from '../../workers/rotation-worker.js';
import { openSession } from '../operations/session.js';
import type { Store } from '../store/store.js';
import { connectWorker, embeddedTarget } from '../temporal/connect.js';
import type { Assignment, WorkerMessage } from './snag.js';
import { sftpOrigin } from './stages/sftp-private-key.js';
import { createTracer } from './tracer.js';

/** Takes one safety rule out of what a worker is built of. */
export interface Without {
  readonly store?: (store: Store) => Store;
  readonly activities?: (activities: Activities, store: Store) => Activities;
}

const pollsEndMs = 200;
const silenceMs = 1_000; // the crash matrix waits no 20 seconds for an answer that never comes

process.once('disconnect', () => process.exit());
const received = once(process, 'message') as Promise<[Assignment]>;
flushCompileCache(); // this process will hardly get to end by itself
await report({ event: 'loaded' });
const [assignment] = await received;
try {
  await work(assignment);
  await report({ event: 'ready' });
} catch (error) {
  await report({ event: 'failed', why: error instanceof Error ? error.message : 'unknown' });
}

async function work({ file, address, snag, without }: Assignment): Promise<void> {
  installRuntime(pino({ level: 'silent' }));
  const { config, store: real } = await openSession({ file });
  const running: { workers?: RunningWorkers } = {};
  const tracer = createTracer({
    snag,
    report,
    goOn: () => once(process, 'message').then(() => undefined),
    async retire() {
      void running.workers?.stop();
      await delay(pollsEndMs);
    },
  });
  setGlobalDispatcher(new Agent({ headersTimeout: silenceMs }).compose(tracer.requests));
  const replace = Reflect.get(RemoteFiles.prototype, 'replace');
  RemoteFiles.prototype.replace = function (path, by) {
    const request = { method: 'RENAME', origin: sftpOrigin, path: `/${basename(path)}` };
    return tracer.change(request, () => replace.call(this, path, by));
  };
  const change = without ? await rule(without) : {};
  const store = tracer.store(change.store?.(real) ?? real);
  const activities = registered(composeSystems(config, store));
  const target = embeddedTarget(address);
  running.workers = await startWorkers({
    connection: await connectWorker(target),
    namespace: target.namespace,
    bundle: bundlePath,
    store,
    activities: tracer.activities(change.activities?.(activities, store) ?? activities),
  });
}

async function rule({ module, rule: name }: NonNullable<Assignment['without']>): Promise<Without> {
  const { without } = (await import(module)) as { without: Readonly<Record<string, Without>> };
  const found = without[name];
  if (!found) throw new Error(`${module} takes out no rule called ${name}`);
  return found;
}

function report(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || !process.send) return resolve();
    process.send(message, () => resolve());
  });
}
