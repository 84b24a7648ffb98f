import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../lab/temporary-folder.js';
import type { Defer } from '../lab/with-cleanup.js';
import { readEnvironment } from '../temporal/environment.js';
import type { Answer, Question, Questions } from './questions.js';

/** Compiled code even for tests that run from the sources, as with the workflow bundle. */
const script = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/src/simulation/process.js' : './process.js', import.meta.url),
);

/** Stores of cases lie in memory where that is possible: a case writes some hundred times. */
const memory = '/dev/shm';

/** A process that simulates. It answers one question at a time. */
export interface Simulator {
  ask<Kind extends keyof Questions>(kind: Kind, asks: Questions[Kind]['asks']): Promise<Questions[Kind]['answers']>;
}

/** Starts `count` simulators, by default one per core. `defer` ends them. */
export function startSimulators(defer: Defer, count = availableParallelism()): Simulator[] {
  // These processes are killed in the end, so their files are removed for them.
  const { path, remove } = temporaryFolder('keyturn-simulation-', existsSync(memory) ? memory : undefined);
  defer(remove);
  return Array.from({ length: count }, () => startSimulator(defer, path));
}

/** A process that ends in the middle of a case is replaced for the next case. */
function startSimulator(defer: Defer, folder: string): Simulator {
  let child: ChildProcess | null = null;
  let asked = 0;
  defer(async () => void child?.kill('SIGKILL'));
  return {
    ask(kind, asks) {
      child = child?.connected ? child : startProcess(folder);
      return ask(child, { id: asked++, kind, asks } as Question) as Promise<never>;
    },
  };
}

function startProcess(folder: string): ChildProcess {
  return fork(script, {
    env: { ...readEnvironment().variables, TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
}

function ask(child: ChildProcess, question: Question): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const hear = (said: Answer): void => {
      if (said.id !== question.id) return;
      over();
      if ('failure' in said) reject(new Error(said.failure));
      else resolve(said.value);
    };
    const ended = (): void => {
      over();
      reject(new Error('the simulating process ended'));
    };
    function over(): void {
      child.off('message', hear).off('exit', ended);
    }
    child.on('message', hear).on('exit', ended);
    child.send(question);
  });
}
