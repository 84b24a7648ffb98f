import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from '../temporal/environment.js';
import type { Assignment, Order, Outgoing, Trace, WorkerMessage } from './setback.js';

/** A worker process in one case, as the harness sees it. */
export interface WorkerProcess {
  /** Every attempt that ended, in order. */
  readonly ended: readonly { readonly trace: Trace; readonly outcome: 'succeeded' | 'failed' }[];
  /** Resolves when it takes work. Rejects when it cannot. */
  readonly ready: Promise<void>;
  /** Resolves when the setback is reached, with the request that the worker was about to make, if any. */
  readonly reached: Promise<Outgoing | null>;
  readonly exited: Promise<void>;
  /** How many attempts had ended when the setback was reached. */
  readonly frozenAt: number;
  /** Orders a worker that waits at its setback to go on. */
  goOn(): void;
  signal(signal: NodeJS.Signals): void;
}

/** Compiled code even for tests that run from the sources, as with the workflow bundle. */
const script = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../dist/src/crash-test/worker-process.js' : './worker-process.js',
    import.meta.url,
  ),
);
const { cacheDir, variables } = readEnvironment();

/**
 * A third of a case goes into starting workers. So compiled code is kept, and workflows run without threads of their
 * own (TEMPORAL_DEBUG).
 */
const cheapStart = { NODE_COMPILE_CACHE: join(cacheDir, 'compiled'), TEMPORAL_DEBUG: '1' };
const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** A process that has loaded everything, or is about to. */
interface Process {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  /** Number of cases that it was in. */
  cases: number;
}

function startProcess(): Process {
  const child = fork(script, {
    env: { ...variables, ...cheapStart },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  alive.add(child);
  child.on('error', () => undefined); // a message to a process that was just killed
  return { child, exited: once(child, 'exit').then(() => void alive.delete(child)), cases: 0 };
}

function tell({ child }: Process, order: Order): void {
  if (child.connected) child.send(order);
}

/** Puts a process to work, and keeps what it reports about that. */
function employ(process: Process, assignment: Assignment): WorkerProcess {
  const { child, exited } = process;
  const [ready, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<Outgoing | null>()];
  ready.promise.catch(() => undefined);
  const ended: { trace: Trace; outcome: 'succeeded' | 'failed' }[] = [];
  let frozenAt = 0;
  child.removeAllListeners('message').on('message', (message: WorkerMessage) => {
    if (message.event === 'ready') ready.resolve();
    if (message.event === 'failed') ready.reject(new Error(`a worker could not start: ${message.why}`));
    if (message.event === 'reached') {
      frozenAt = ended.length;
      reached.resolve(message.request);
    }
    if (message.event === 'ended') ended.push(message);
  });
  process.cases++;
  tell(process, { order: 'work', assignment });
  return {
    ended,
    get frozenAt() {
      return frozenAt;
    },
    ready: ready.promise,
    reached: reached.promise,
    exited,
    goOn: () => tell(process, { order: 'go on' }),
    signal: (signal) => void child.kill(signal),
  };
}

const mostCases = 40; // a process collects things in its memory, so it is replaced after this many
const restMs = 1_500; // a process that is still busy after this time is killed

/**
 * Keeps processes that are loaded in advance, since a start costs more than most cases. A process that came through its
 * case unharmed takes part in another: it builds everything anew from that case's configuration.
 */
export class WorkerPool {
  readonly #idle: Process[] = [];
  readonly #busy = new Map<WorkerProcess, Process>();

  take(assignment: Assignment): WorkerProcess {
    const process = this.#idle.pop() ?? startProcess();
    if (this.#idle.length === 0) this.#idle.push(startProcess());
    const worker = employ(process, assignment);
    this.#busy.set(worker, process);
    return worker;
  }

  /** Ends a worker's case. `unharmed`: the worker was neither killed nor frozen. */
  async giveBack(worker: WorkerProcess, unharmed: boolean): Promise<void> {
    const process = this.#busy.get(worker);
    this.#busy.delete(worker);
    if (!process) return;
    if (unharmed && process.cases < mostCases && (await rests(process))) this.#idle.push(process);
    else await end(process);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#idle, ...this.#busy.values()].map(end));
  }
}

/** Whether a process puts down everything of its case, in time. */
async function rests(process: Process): Promise<boolean> {
  const resting = new Promise<boolean>((resolve) => {
    process.child.on('message', ({ event }: WorkerMessage) => event === 'loaded' && resolve(true));
    void process.exited.then(() => resolve(false));
  });
  tell(process, { order: 'rest' });
  return Promise.race([resting, delay(restMs, false, { ref: false })]);
}

async function end({ child, exited }: Process): Promise<void> {
  child.kill('SIGKILL');
  await exited;
}
