import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable, Writable } from 'node:stream';
import { inspect } from 'node:util';

/** A command line to play, and where. */
export interface Order {
  readonly id: number;
  readonly args: readonly string[];
  readonly input: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How it ended. */
export interface Answer {
  readonly id: number;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command takes for its process. */
interface Played {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  exitCode: number | string | undefined;
  /** Ends the command. What it does afterwards is not heard any more. */
  readonly exit: (code?: number) => void;
}

const played = new AsyncLocalStorage<Played>();
const open = new Map<number, string>(); // the folder of each command that has not ended

/** Gives each command streams, an environment and an end of its own, for packages that import `node:process` as well. */
for (const name of ['env', 'stdin', 'stdout', 'stderr', 'exit'] as const) {
  const real: unknown = Reflect.get(process, name);
  Object.defineProperty(process, name, { configurable: true, get: () => played.getStore()?.[name] ?? real });
}

/** So with the exit code, which cannot be defined anew: Keyturn reads and writes it through the global. */
globalThis.process = new Proxy(process, {
  get: (real, name): unknown => (name === 'exitCode' ? (played.getStore() ?? real) : real)[name as 'exitCode'],
  set: (real, name, value) => Reflect.set(name === 'exitCode' ? (played.getStore() ?? real) : real, name, value),
});

function collect(into: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      into.push(chunk.toString());
      done();
    },
  });
}

/** Plays a command to its end: `process.exit`, or a command line that has nothing left to do. */
function play({ args, input, env }: Order): Promise<Omit<Answer, 'id'>> {
  const [out, err]: [string[], string[]] = [[], []];
  return new Promise((resolve) => {
    const command: Played = {
      ...{ env: { ...env }, stdin: Readable.from([Buffer.from(input)]), stdout: collect(out), stderr: collect(err) },
      exitCode: undefined,
      exit: (code) =>
        resolve({ code: code ?? Number(command.exitCode ?? 0), stdout: out.join(''), stderr: err.join('') }),
    };
    const failed = (error: unknown): void => {
      err.push(`${inspect(error)}\n`);
      command.exitCode = 1;
    };
    // What was written before is told first: `perform` ends a command in the same way.
    const afterWriting = (): void =>
      void command.stderr.write('', () => command.stdout.write('', () => command.exit()));
    played.run(
      command,
      () =>
        void run(['node', 'keyturn', ...args])
          .catch(failed)
          .then(afterWriting),
    );
  });
}

async function take(order: Order): Promise<void> {
  for (const folder of open.values())
    if (folder !== order.cwd) throw new Error(`a command still runs in ${folder}, and a process has one folder`);
  open.set(order.id, order.cwd);
  process.chdir(order.cwd);
  const answer = await play(order);
  open.delete(order.id);
  process.send?.({ id: order.id, ...answer } satisfies Answer);
}

const { run } = await import('../../src/cli/program.js');
process.on('message', (order: Order) => void take(order));
process.once('disconnect', () => process.exit()); // whoever started it is gone
