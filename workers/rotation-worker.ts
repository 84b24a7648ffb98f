import {
  DefaultLogger,
  type LogEntry,
  type NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import type { Logger } from 'pino';
import { recordingInterceptor } from '../activities/shared/interceptor.js';
import { emergencyQueueOf, taskQueueOf } from '../src/domain/temporal-names.js';
import { UserError } from '../src/domain/user-error.js';
import type { Store } from '../src/store/store.js';
import type { Activities } from './registered.js';

export interface WorkersOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly bundle: string;
  readonly store: Store;
  readonly activities: Activities;
}

export interface RunningWorkers {
  /** Rejects when a worker stops by itself. */
  readonly finished: Promise<void>;
  /** Gives activities in progress some time to end, and resolves when both workers are down. */
  stop(): Promise<void>;
}

/**
 * Routes Temporal's own log lines into ours and serves metrics for Prometheus, if an address (`host:port`) is given for them.
 * Once per process, before anything else of the SDK's worker is used.
 * @throws UserError when nothing can be served at the address
 */
export function installRuntime(logger: Logger, metrics?: string): void {
  const forward = ({ level, message, meta }: LogEntry) => {
    const fields = { ...meta, error: undefined }; // errors may hold foreign text
    logger[level === 'TRACE' ? 'trace' : (level.toLowerCase() as 'debug')](fields, message);
  };
  const telemetryOptions = metrics === undefined ? {} : { metrics: { prometheus: { bindAddress: metrics } } };
  try {
    Runtime.install({ logger: new DefaultLogger('WARN', forward), shutdownSignals: [], telemetryOptions });
  } catch (error) {
    throw metrics === undefined ? error : notServed(metrics);
  }
}

function notServed(metrics: string): UserError {
  return new UserError(`Metrics cannot be served at ${metrics}.`, {
    state: 'Nothing was started.',
    next: 'Give a free address of this machine, for instance --metrics 127.0.0.1:9464',
  });
}

/** Two workers: one for everything, and one for emergencies with slots of its own, so that hung steps never hold up a containment. */
export async function startWorkers(options: WorkersOptions): Promise<RunningWorkers> {
  const { connection, namespace, bundle, store, activities } = options;
  const common = {
    ...{ connection, namespace, activities },
    interceptors: { activity: [recordingInterceptor(store)] },
    maxHeartbeatThrottleInterval: '1 second', // a dead worker is noticed within the heartbeat timeout, not a minute later
    shutdownGraceTime: '15 seconds', // time for a provider call in progress to record its result
    shutdownForceTime: '50 seconds', // a change that was sent is answered within 20 seconds, a program ends within 30
  } satisfies Partial<WorkerOptions>;
  const taskQueue = taskQueueOf(store.installation);
  const workers = await Promise.all([
    Worker.create({ ...common, taskQueue, workflowBundle: { codePath: bundle }, maxCachedWorkflows: 200 }),
    Worker.create({
      ...common,
      ...{ taskQueue: emergencyQueueOf(taskQueue), workflowBundle: { codePath: bundle } }, // containments are workflows of this queue
      ...{ maxCachedWorkflows: 50, maxConcurrentActivityTaskExecutions: 20 },
    }),
  ]);
  const finished = Promise.all(workers.map((worker) => worker.run())).then(() => undefined);
  return {
    finished,
    async stop() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await finished;
    },
  };
}
