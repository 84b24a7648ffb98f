import { type ChildProcess, type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createPlayground } from '../../src/lab/playground.js';
import type { Scenario, ScenarioOptions } from '../../src/lab/scenario.js';
import { fastClock } from '../../src/lab/clock.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import type { Duration } from '../../src/domain/duration.js';
import { loadKeyRing } from '../../src/store/key-ring.js';
import { openStore } from '../../src/store/open-store.js';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { compiled, startWarm, type Warm } from './warm.js';

const main = join(process.cwd(), 'dist', 'src', 'cli', 'main.js');

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The one JSON document on standard output. Throws when there is anything else. */
  json<T = Record<string, unknown>>(): T;
}

/** A command that runs. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when it has said this. Throws when it ends without. */
  says(what: string): Promise<void>;
}

/** The compiled command line, run as an operator runs it, on simulated systems. */
export interface Fixture<S extends Scenario = Scenario> {
  readonly dir: string;
  readonly config: string;
  readonly scenario: S;
  /** Plays a command to its end in the warm process of this test file. */
  keyturn(...args: string[]): Promise<Ended>;
  /** The same, with something on standard input. */
  given(input: string, ...args: string[]): Promise<Ended>;
  /** Starts a process: for a command that stays, that is killed, or whose process is what is tested. */
  start(args: readonly string[], input?: string): Running;
  /** The same in a terminal, where input is typed while it runs. */
  startInTerminal(...args: readonly string[]): Running;
  /** Takes the value in force in. */
  adopt(...options: string[]): Promise<void>;
  /** Everything that commands which have ended wrote. */
  said(): string;
  /** Replaces text in the configuration. */
  edit(what: string | RegExp, by: string): void;
  stop(): Promise<void>;
}

const processes = process.env['KEYTURN_COMMANDS'] === 'processes'; // every command gets one of its own
let warm: Warm | undefined;
afterAll(() => warm?.stop());

/** What a process of a test is told about this machine. */
function environment(own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], TZ: 'UTC', NODE_COMPILE_CACHE: compiled, ...own };
}

export async function startFixture<S extends Scenario = Scenario>({
  grace = '0 seconds',
  start: startScenario = startOpenAiApiKey as (options: ScenarioOptions) => Promise<never>,
}: { grace?: Duration; start?: (options: ScenarioOptions) => Promise<S> } = {}): Promise<Fixture<S>> {
  const scenario: S = await startScenario({ clock: fastClock(1000) });
  const { dir, file, remove } = await createPlayground(scenario, { grace, giveUpAfter: '1 second' });
  const ring = await loadKeyRing({ file: join(dir, 'keyturn.keyring.json') });
  await (await openStore({ url: `sqlite:${join(dir, 'keyturn.db')}`, ring, create: true })).destroy();
  let said = '';
  const running = new Set<ChildProcess>();
  // Nothing that this machine is configured with counts: no TEMPORAL_*, no profile in the home directory.
  const temporal = (await findTemporalBinary({ report: () => undefined })).path;
  const env = environment({ HOME: dir, KEYTURN_TEMPORAL_SERVER: temporal });

  const endedOf = ({ code, stdout, stderr }: Omit<Ended, 'json'>): Ended => {
    said += stdout + stderr;
    return { code, stdout, stderr, json: () => documentOf(stdout) as never };
  };
  const track = (child: ChildProcessWithoutNullStreams): Running => {
    running.add(child);
    child.stdin.on('error', () => undefined); // a command that asks for nothing may have ended already
    const output = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    const ended = output.then(([stdout, stderr]): Ended => {
      running.delete(child);
      return endedOf({ code: child.exitCode, stdout, stderr });
    });
    return { process: child, ended, says: (what) => says(child, what) };
  };
  const start: Fixture['start'] = (args, input = '') => {
    const child = spawn(process.execPath, [main, ...args], { cwd: dir, env });
    child.stdin.end(input);
    return track(child);
  };
  const given: Fixture['given'] = async (input, ...args) => {
    if (processes) return start(args, input).ended;
    warm ??= startWarm(environment({}));
    return endedOf(await warm.play({ args, input, cwd: dir, env }));
  };
  const fixture: Fixture<S> = {
    ...{ dir, config: file, scenario, start, given },
    keyturn: (...args) => given('', ...args),
    startInTerminal(...args) {
      const command = [process.execPath, main, ...args].map((word) => `'${word}'`).join(' ');
      return track(spawn('script', ['-qec', `stty cols 120 rows 40; ${command}`, '/dev/null'], { cwd: dir, env }));
    },
    async adopt(...options) {
      const { code, stderr } = await given(scenario.adopted['key'] ?? '', 'adopt', 'openai', '--stdin', ...options);
      if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
    },
    said: () => said,
    edit: (what, by) => writeFileSync(file, readFileSync(file, 'utf8').replace(what, by)),
    async stop() {
      await Promise.all(
        [...running].map(async (child) => {
          child.kill('SIGTERM');
          await once(child, 'close');
        }),
      );
      await scenario.stop();
      await remove();
    },
  };
  return fixture;
}

/** Programs get moments as ISO 8601, whatever the command: a number of that size is one that was forgotten. */
function documentOf(stdout: string): unknown {
  return JSON.parse(stdout, (key, value: unknown) => {
    if (typeof value === 'number' && value > 1e12) throw new Error(`"${key}" is a moment in Unix milliseconds`);
    return value;
  });
}

/** Resolves when a command has said something on either stream. */
export function says(child: ChildProcess, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes(what)) resolve();
      });
    child.once('close', () => reject(new Error(`it ended without saying "${what}": ${said}`)));
  });
}

/** Whether this machine has util-linux's `script`, which gives a command a terminal. */
export function hasTerminals(): boolean {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux');
  } catch {
    return false;
  }
}

/** Every failure says what state things are in and what to do next, and shows no stack. */
export function expectTold({ code, stderr }: Ended, exitCode: number, ...words: string[]): void {
  expect({ code, stderr }).toMatchObject({ code: exitCode });
  for (const word of ['✖', 'State', 'Next', ...words]) expect(stderr).toContain(word);
  expect(stderr).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
}
