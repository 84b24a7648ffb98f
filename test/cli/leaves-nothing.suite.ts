import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { says } from './fixture.js';
import { compiled } from './warm.js';
import { until } from '../support/temporal.js';

jest.setTimeout(120_000); // servers and workers have to come up before they can be ended

const main = join(process.cwd(), 'dist', 'src', 'cli', 'main.js');
let folder: string;
let temporal: string;

beforeAll(async () => {
  temporal = (await findTemporalBinary({ report: () => undefined })).path;
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-interrupted-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A command with a folder for temporary files of its own, by which everything that it starts is known. */
function start(...args: string[]): ChildProcess {
  const own = { HOME: folder, TMPDIR: folder, KEYTURN_TEMPORAL_SERVER: temporal };
  const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compiled, ...own };
  return spawn(process.execPath, [main, ...args], { env, cwd: folder });
}

/** The environment of every process that was started with the folder in it. */
function processes(): string[] {
  return readdirSync('/proc').flatMap((id) => {
    try {
      const environment = /^\d+$/.test(id) ? readFileSync(`/proc/${id}/environ`, 'utf8') : '';
      return environment.includes(folder) ? [environment] : [];
    } catch {
      return []; // it has ended
    }
  });
}

/** Where stores of simulated cases lie: in memory, beside those of other processes. */
const inMemory = (): string[] =>
  processes()
    .flatMap((environment) => /(?:^|\0)TMPDIR=([^\0]+)/.exec(environment)?.[1] ?? [])
    .filter((path) => !path.startsWith(folder));

(existsSync('/proc/self/environ') ? describe : describe.skip)('Ctrl-C', () => {
  it.each([
    ['lab', 'Next, in another terminal', 0],
    ['lab --procedure sftp-private-key', 'Next, in another terminal', 0],
    ['demo', 'Simulated openai', 130],
    ['demo --grace 5m', 'the old one is retired at', 130],
    ['demo --procedure document-engine-jwt --emergency', 'The value leaked', 130],
    ['crash-test --procedure openai-api-key --sample 40 --jobs 1', 'cases, 1 at a time', 130],
    ['crash-test --procedure openai-api-key --sample 400 --simulated --jobs 1', '5/400', 130],
  ])('of keyturn %s, after "%s", leaves no process and no folder', async (command, after, code) => {
    const child = start(...command.split(' '));
    await says(child, after);
    expect(processes()).not.toEqual([]);
    const made = inMemory();
    expect(made.some(existsSync)).toBe(command.includes('--simulated') && existsSync('/dev/shm'));

    child.kill('SIGINT');
    await once(child, 'close');

    expect(child.exitCode).toBe(code);
    expect(readdirSync(folder).filter((name) => name.startsWith('keyturn-'))).toEqual([]);
    expect(made.filter(existsSync)).toEqual([]);
    await until(async () => processes().length === 0); // the server's keeper ends a moment after the server
  });

  it('of keyturn lab ends a keyturn up that runs on it', async () => {
    const lab = start('lab', '--json');
    const [chunk] = (await once(lab.stdout!, 'data')) as [Buffer];
    const { configuration } = JSON.parse(chunk.toString()) as { configuration: string };
    await once(start('init', '--config', configuration), 'close');
    const up = start('up', '--config', configuration);
    await says(up, 'Ready.');

    lab.kill('SIGINT');
    await Promise.all([once(lab, 'close'), once(up, 'close')]);

    expect([lab.exitCode, up.exitCode]).toEqual([0, 0]);
    expect(existsSync(configuration)).toBe(false);
    await until(async () => processes().length === 0);
  });

  it('a second time ends it at once, and its folder is gone all the same', async () => {
    const child = start('demo', '--grace', '5m');
    await says(child, 'the old one is retired at');

    child.kill('SIGINT');
    await says(child, 'Stopping');
    child.kill('SIGINT');
    await once(child, 'close');

    expect(child.exitCode).toBe(130);
    expect(readdirSync(folder).filter((name) => name.startsWith('keyturn-'))).toEqual([]);
    await until(async () => processes().length === 0);
  });
});
