import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from '../temporal/environment.js';
import type { Assignment, Outgoing, Trace, WorkerMessage } from './snag.js';

/** One worker process, from the harness' side. */
export interface WorkerProcess {
  /** Every attempt that ended, in order. */
  readonly ended: readonly { readonly trace: Trace; readonly outcome: 'succeeded' | 'failed' }[];
  /** Resolves when it takes work. Rejects when it cannot. */
  readonly ready: Promise<void>;
  /** Resolves with the request it was about to make, if any, when its snag is reached. */
  readonly reached: Promise<Outgoing | null>;
  readonly exited: Promise<void>;
  /** How many attempts had ended when the snag was reached. */
  readonly frozenAt: number;
  assign(assignment: Assignment): void;
  /** Lets a worker go on that waits at its snag. */
  goOn(): void;
  signal(signal: NodeJS.Signals): void;
  end(): Promise<void>;
}

/** Compiled code, also for tests that run from the sources, as with the workflow bundle. */
const script = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../dist/src/prove/worker-process.js' : './worker-process.js',
    import.meta.url,
  ),
);
const { cacheDir, variables } = readEnvironment();

/** A third of a case goes into starting workers: compiled code is kept, and workflows run without threads of their own (TEMPORAL_DEBUG). */
const cheapStart = { NODE_COMPILE_CACHE: join(cacheDir, 'compiled'), TEMPORAL_DEBUG: '1' };
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Starts a process that has loaded everything and waits for its assignment. */
export function startWorkerProcess(): WorkerProcess {
  const child = fork(script, {
    env: { ...variables, ...cheapStart },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  alive.add(child);
  const exited = once(child, 'exit').then(() => void alive.delete(child));
  const [ready, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<Outgoing | null>()];
  ready.promise.catch(() => undefined);
  const ended: { trace: Trace; outcome: 'succeeded' | 'failed' }[] = [];
  let frozenAt = 0;
  child.on('message', (message: WorkerMessage) => {
    if (message.event === 'ready') ready.resolve();
    if (message.event === 'failed') ready.reject(new Error(`a worker could not start: ${message.why}`));
    if (message.event === 'reached') {
      frozenAt = ended.length;
      reached.resolve(message.request);
    }
    if (message.event === 'ended') ended.push(message);
  });
  child.on('error', () => undefined); // a message to a process that was just killed
  return {
    ended,
    get frozenAt() {
      return frozenAt;
    },
    ready: ready.promise,
    reached: reached.promise,
    exited,
    assign: (assignment) => void child.send(assignment),
    goOn: () => void (child.connected && child.send('go on')),
    signal: (signal) => void child.kill(signal),
    async end() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Keeps one process loaded ahead, so that nobody waits for a start. */
export class WorkerPool {
  #spare: WorkerProcess | null = null;

  take(assignment: Assignment): WorkerProcess {
    const worker = this.#spare ?? startWorkerProcess();
    this.#spare = startWorkerProcess();
    worker.assign(assignment);
    return worker;
  }

  async stop(): Promise<void> {
    await this.#spare?.end();
    this.#spare = null;
  }
}
