import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer, Order } from './warm-process.js';

const script = join(process.cwd(), 'dist', 'test', 'cli', 'warm-process.js');

/** Code that was compiled once, for every process of every run (NODE_COMPILE_CACHE): each start saves a third of its time. */
export const compiled = join(process.cwd(), 'node_modules', '.cache', 'keyturn-tests');

/** The compiled command line, loaded once; commands are played in it one after another or side by side. */
export interface Warm {
  play(order: Omit<Order, 'id'>): Promise<Omit<Answer, 'id'>>;
  stop(): Promise<void>;
}

/** Starts a process for commands whose own process is not what is tested. A command that crashes ends it, and every command in it fails. */
export function startWarm(env: NodeJS.ProcessEnv): Warm {
  const child: ChildProcess = fork(script, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
  });
  let gone: Error | undefined;
  const ended = once(child, 'exit').then(([code, signal]) => {
    gone = new Error(`the process that plays commands ended: ${code ?? signal}`);
    for (const { reject } of waiting.values()) reject(gone);
  });
  let last = 0;
  return {
    play: (order) =>
      new Promise((resolve, reject) => {
        if (gone) throw gone;
        const id = ++last;
        waiting.set(id, { resolve, reject });
        child.send({ id, ...order } satisfies Order);
      }),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
