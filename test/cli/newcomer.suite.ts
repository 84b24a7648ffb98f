import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Lab } from '../../src/lab/lab.js';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { hasTerminals } from './fixture.js';
import { compiled } from './warm.js';

jest.setTimeout(180_000); // everything from nothing to an emergency, each command a process of its own

const main = join(process.cwd(), 'dist', 'src', 'cli', 'main.js');
let folder: string;
let env: NodeJS.ProcessEnv;
let lab: ChildProcess | undefined;
const shells: ChildProcess[] = [];

beforeAll(async () => {
  const temporal = (await findTemporalBinary({ report: () => undefined })).path;
  folder = mkdtempSync(join(tmpdir(), 'keyturn-newcomer-'));
  const npx = join(folder, 'npx'); // commands are taken literally, and no registry is asked
  writeFileSync(npx, `#!/bin/sh\n[ "$1" = keyturn ] || exit 9\nshift\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(npx, 0o755);
  const PATH = `${folder}:${process.env['PATH'] ?? ''}`;
  env = {
    PATH,
    HOME: folder,
    KEYTURN_TEMPORAL_SERVER: temporal,
    TZ: 'UTC',
    TERM: 'xterm',
    NODE_COMPILE_CACHE: compiled,
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const shell of shells.splice(0)) if (shell.exitCode === null) shell.kill(); // of a test that failed half way
  if (lab?.exitCode === null) {
    lab.kill('SIGINT');
    await once(lab, 'close');
  }
});

/** The commands on the way from nothing to an emergency. */
const walk = ['adopt', 'check', 'emergency', 'init', 'plan', 'rotate', 'up'];

interface Typed {
  /** What is on the screen when it is typed. */
  readonly at: string;
  readonly text: string;
}

interface Ended {
  readonly code: number | null;
  readonly screen: string;
}

/** Types the line that starts a lab into a terminal, and reads off the screen what a newcomer would: which line to paste elsewhere. */
async function startLabByHand(
  line: string,
): Promise<{ readonly pasted: string; readonly ended: () => Promise<Ended> }> {
  const running = inTerminal(line, []);
  await running.says('removes its folder');
  const [pasted = ''] = /export KEYTURN_CONFIG=\S+/.exec(running.screen()) ?? [];
  return {
    pasted,
    ended: () => {
      running.leave();
      return running.ended;
    },
  };
}

async function startLab(procedure: string): Promise<Lab & { readonly next: readonly string[] }> {
  lab = spawn(process.execPath, [main, 'lab', '--procedure', procedure, '--grace', '1s', '--json'], { env });
  const [chunk] = (await once(lab.stdout!, 'data')) as [Buffer];
  return JSON.parse(chunk.toString()) as never;
}

/** A line as it stands there, typed into a shell in a terminal of its own. */
function inTerminal(line: string, answers: readonly Typed[], configuration?: string) {
  const command = `stty cols 100 rows 40; ${line}`;
  const shell = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...env, SHELL: '/bin/bash', ...(configuration !== undefined && { KEYTURN_CONFIG: configuration }) },
    cwd: folder,
  });
  shells.push(shell);
  let screen = '';
  const open = [...answers];
  const seen = new Map<string, () => void>();
  shell.stdout.on('data', (chunk: Buffer) => {
    screen += stripVTControlCharacters(chunk.toString());
    const [next] = open;
    if (next && screen.includes(next.at)) {
      open.shift();
      screen = screen.replaceAll(next.at, 'asked');
      shell.stdin.write(`${next.text}\r`);
    }
    for (const [what, resolve] of seen) if (screen.includes(what)) resolve();
  });
  const ended = once(shell, 'close').then((): Ended => ({ code: shell.exitCode, screen }));
  return {
    ended,
    says: (what: string) => {
      const said = new Promise<void>((resolve) => seen.set(what, resolve));
      return Promise.race([said, ended.then(() => Promise.reject(new Error(`it ended without "${what}": ${screen}`)))]);
    },
    screen: () => screen,
    leave: () => shell.stdin.write('\x03'),
  };
}

/** The lines of the shell blocks in a part of a document that a newcomer is told to type, in order. */
function linesOf(document: string, heading: string): string[] {
  const [, part = ''] = readFileSync(document, 'utf8').split(`${heading}\n`);
  const [own = ''] = part.split(/^## /m);
  return [...own.matchAll(/^ *```sh\n([^]*?)^ *```$/gm)].flatMap(([, block = '']) => block.trim().split(/\n */));
}

/** Plays the lines; what stays is left to run until the end. */
async function play(
  lines: readonly string[],
  { configuration, credential, valueInForce }: Pick<Lab, 'configuration' | 'credential' | 'valueInForce'>,
): Promise<Readonly<Record<string, Ended>>> {
  const value = readFileSync(valueInForce, 'utf8');
  const answers: Readonly<Record<string, readonly Typed[]>> = {
    adopt: [
      { at: `Value of ${credential}`, text: value },
      { at: 'Does anything besides', text: '' },
    ],
    emergency: [
      { at: 'Why?', text: 'a drill' },
      { at: `Type "${credential}"`, text: credential },
    ],
  };
  const ends: Record<string, Ended> = {};
  const staying: ReturnType<typeof inTerminal>[] = [];
  for (const line of lines) {
    const [, verb = ''] = /keyturn (\S+)/.exec(line) ?? [];
    const asked = (answers[verb] ?? []).filter(
      ({ at }) => !(line.includes('--stdin') && verb === 'adopt') && !(line.includes('--reason') && at === 'Why?'),
    );
    const running = inTerminal(line, asked, configuration);
    if (verb !== 'up') ends[verb] = await running.ended;
    else {
      await running.says('Ready.');
      staying.push(running);
    }
  }
  for (const each of staying) {
    each.leave();
    ends['up'] = await each.ended;
  }
  return ends;
}

/** Everything went well, and nothing that was secret stood on the screen. */
function expectAllWell(
  ends: Readonly<Record<string, Ended>>,
  { credential }: Pick<Lab, 'credential'>,
  secret: string,
): void {
  expect(Object.entries(ends).filter(([, { code }]) => code !== 0)).toEqual([]);
  expect(ends['rotate']?.screen).toContain(`${credential} is rotated: version 2 is in force`);
  expect(ends['emergency']?.screen).toMatch(/1 of 1 credential contained, \d proved refused, 1 rotated/);
  for (const { screen } of Object.values(ends)) expect(screen).not.toContain(secret);
}

(hasTerminals() ? describe : describe.skip)('A newcomer', () => {
  it('gets by what keyturn lab prints to a rotation that is retired, and through an emergency', async () => {
    const ready = await startLab('openai-api-key');
    const secret = readFileSync(ready.valueInForce, 'utf8');
    const [exported, ...lines] = ready.next;

    const ends = await play(lines, ready);
    const checked = ends['check']?.screen ?? '';

    expect(exported).toBe(`export KEYTURN_CONFIG=${ready.configuration}`);
    expect(Object.keys(ends).sort()).toEqual(walk);
    expect(checked).toMatch(/• Temporal .*none runs here/); // before keyturn up it is no failure
    expect(checked).toContain('Everything is in place');
    expectAllWell(ends, ready, secret);
  });

  it('gets by the quick start of README, line by line as it stands, to a rotation that is retired, and through an emergency', async () => {
    const [start = '', ...lines] = linesOf('README.md', '## Quick start');
    const ready = await startLabByHand(start);
    const configuration = ready.pasted.replace('export KEYTURN_CONFIG=', '');
    const valueInForce = join(dirname(configuration), 'value-in-force');
    const secret = readFileSync(valueInForce, 'utf8');

    const ends = await play(lines, { configuration, credential: 'openai', valueInForce });
    const { code, screen } = await ready.ended();

    expect(start).toBe('npx keyturn lab');
    expect(Object.keys(ends).sort()).toEqual([...walk, 'status'].sort());
    expectAllWell(ends, { credential: 'openai' }, secret);
    expect([code, screen]).toEqual([0, expect.stringContaining('left nothing behind')]);
    expect(existsSync(configuration)).toBe(false);
  });

  it('gets by the first rotation of docs/operate.md to one that is retired, with a password, and through an emergency', async () => {
    const ready = await startLab('document-engine-dashboard-password');
    const secret = readFileSync(ready.valueInForce, 'utf8');
    const lines = linesOf('docs/operate.md', '## A first rotation');

    const ends = await play(
      lines.map((line) => line.replaceAll(' openai', ` ${ready.credential}`)),
      ready,
    );

    expect(Object.keys(ends).sort()).toEqual([...walk, 'status'].sort());
    expect(ends['adopt']?.screen).toContain('only the engine, as you stated');
    expectAllWell(ends, ready, secret);
    expect(existsSync(ready.configuration)).toBe(true);
  });
});
