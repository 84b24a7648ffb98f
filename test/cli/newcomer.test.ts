import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Lab } from '../../src/lab/lab.js';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { hasTerminals } from './stage.js';

jest.setTimeout(180_000); // everything from nothing to an emergency, each command a process of its own

const main = join(process.cwd(), 'dist', 'src', 'cli', 'main.js');
let folder: string;
let env: NodeJS.ProcessEnv;
let lab: ChildProcess;

beforeAll(async () => {
  const temporal = (await findTemporalBinary({ report: () => undefined })).path;
  folder = mkdtempSync(join(tmpdir(), 'keyturn-newcomer-'));
  const npx = join(folder, 'npx'); // commands are taken literally, and no registry is asked
  writeFileSync(npx, `#!/bin/sh\n[ "$1" = keyturn ] || exit 9\nshift\nexec '${process.execPath}' '${main}' "$@"\n`);
  chmodSync(npx, 0o755);
  const PATH = `${folder}:${process.env['PATH'] ?? ''}`;
  env = { PATH, HOME: folder, KEYTURN_TEMPORAL_SERVER: temporal, TZ: 'UTC', TERM: 'xterm' };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  if (lab.exitCode === null) {
    lab.kill('SIGINT');
    await once(lab, 'close');
  }
});

interface Typed {
  /** What is on the screen when it is typed. */
  readonly at: string;
  readonly text: string;
}

interface Ended {
  readonly code: number | null;
  readonly screen: string;
}

async function startLab(procedure: string): Promise<Lab & { readonly next: readonly string[] }> {
  lab = spawn(process.execPath, [main, 'lab', '--procedure', procedure, '--grace', '1s', '--json'], { env });
  const [chunk] = (await once(lab.stdout!, 'data')) as [Buffer];
  return JSON.parse(chunk.toString()) as never;
}

/** A line as it stands there, typed into a shell in a terminal of its own. */
function inTerminal(line: string, answers: readonly Typed[], configuration: string) {
  const command = `stty cols 100 rows 40; ${line}`;
  const shell = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...env, SHELL: '/bin/bash', KEYTURN_CONFIG: configuration },
    cwd: folder,
  });
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
    leave: () => shell.stdin.write('\x03'),
  };
}

/** The lines of the blocks in a part of README that a newcomer is told to type, in order. */
function linesOfReadme(heading: string): string[] {
  const [, part = ''] = readFileSync('README.md', 'utf8').split(`${heading}\n`);
  const [own = ''] = part.split(/^#/m);
  return [...own.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block = '']) => block.trim().split('\n'));
}

/** Plays the lines; what stays is left to run until the end. */
async function play(
  lines: readonly string[],
  { configuration, credential, valueInForce }: Lab,
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
function expectAllWell(ends: Readonly<Record<string, Ended>>, { credential }: Lab, secret: string): void {
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
    expect(Object.keys(ends).sort()).toEqual(['adopt', 'check', 'emergency', 'init', 'plan', 'rotate', 'up']);
    expect(checked).toMatch(/• Temporal .*none runs here/); // before keyturn up it is no failure
    expect(checked).toContain('Everything is in place');
    expectAllWell(ends, ready, secret);
  });

  it.each(['openai-api-key', 'document-engine-dashboard-password'])(
    'gets by what README says to a rotation of %s that is retired, and through an emergency',
    async (procedure) => {
      const ready = await startLab(procedure);
      const secret = readFileSync(ready.valueInForce, 'utf8');
      const lines = linesOfReadme('### A first rotation');

      const ends = await play(
        lines.map((line) => line.replaceAll(' openai', ` ${ready.credential}`)),
        ready,
      );

      expect(Object.keys(ends).sort()).toEqual([
        'adopt',
        'check',
        'emergency',
        'init',
        'plan',
        'rotate',
        'status',
        'up',
      ]);
      expect(ends['adopt']?.screen).toContain('alone, by your word');
      expectAllWell(ends, ready, secret);
      expect(existsSync(ready.configuration)).toBe(true);
    },
  );
});
