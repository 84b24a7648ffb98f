import type * as ChildProcess from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { owner, type Simulation } from './engine.js';
import { type Any, builtin, replace, sim } from './replace.js';

const require = createRequire(import.meta.url);
const runMs = { from: 20, to: 80 }; // how long a one-line program takes

interface SpawnOptions {
  readonly signal?: AbortSignal;
}

/**
 * Replaces programs that a worker starts. Those written for `node -e` run here, and so does what recreates containers; the simulated systems
 * start no others.
 */
export function patchPrograms(): void {
  replace(
    builtin<typeof ChildProcess>('node:child_process'),
    'spawn',
    (original) =>
      ((program: string, args: readonly string[], options: SpawnOptions) => {
        const current = sim();
        if (!current) return (original as Any)(program as never, args as never, options as never);
        return started(current, { program, args, options });
      }) as never,
  );
}

interface Started {
  readonly program: string;
  readonly args: readonly string[];
  readonly options: SpawnOptions;
}

/** The program outlives the process that started it. Only the news of its end is for that process. */
function started(current: Simulation, { program, args, options: { signal } }: Started) {
  const [from, child] = [owner.getStore(), new EventEmitter()];
  const tell = (event: 'exit' | 'error', ...what: unknown[]): void => {
    const hear = (): void => void child.emit(event, ...what);
    if (from) from.enter(hear);
    else hear();
  };
  let input = '';
  const planned = current.later(current.random.between(runMs.from, runMs.to), () => {
    current.note(`a program runs: ${program.split('/').at(-1)}`);
    if (args[0]?.endsWith(compose)) void askCompose(args.slice(1)).then((code) => tell('exit', code, null));
    else tell('exit', run(program, args, input), null);
  });
  const stop = (how: () => void): void => {
    if (planned.cancelled) return;
    planned.cancelled = true;
    current.later(0, how);
  };
  signal?.addEventListener('abort', () => stop(() => tell('error', signal.reason)), { once: true });
  return Object.assign(child, {
    stdin: Object.assign(new EventEmitter(), { end: (text: string) => void (input = text) }),
    kill: (by: string) => stop(() => tell('exit', null, by)),
  });
}

const compose = '/docuelevate/compose-command.js';

/** What that program does: it asks the simulated engine for new containers. Returns its exit code. */
async function askCompose([address = '', ...args]: readonly string[]): Promise<number> {
  const { ok } = await fetch(address, { method: 'POST', body: JSON.stringify({ args }) });
  return ok ? 0 : 1;
}

/** Runs the program, and returns its exit code. */
function run(program: string, [flag, text = '', ...args]: readonly string[], input: string): number {
  if (program === '/bin/cp') return 0; // copies attributes only
  if (program !== process.execPath || flag !== '-e') throw new Error(`not simulated: ${program} ${String(flag)}`);
  const files = require('node:fs') as Record<string, Any>;
  const readFileSync = (file: number | string, ...rest: never[]): unknown =>
    file === 0 ? Buffer.from(input) : files['readFileSync']!(file as never, ...rest);
  const needed = (name: string): unknown =>
    name === 'node:fs' ? { ...files, readFileSync } : (require(name) as unknown);
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the program is a simulated system's own
    (new Function('require', 'process', text) as Any)(needed as never, { argv: [program, ...args] } as never);
    return 0;
  } catch {
    return 1;
  }
}
