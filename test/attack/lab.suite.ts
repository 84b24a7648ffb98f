import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Lab } from '../../src/lab/lab.js';
import { removeTemporaryDirectories } from '../temporal/support.js';
import { pages, programs, type Aim } from './attacks.js';
import { listeners, type Listener } from './ports.js';
import { forge, send } from './setting.js';

jest.setTimeout(120_000); // every attack waits for an answer that does not come

const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
const attacks = isRoot || process.env['KEYTURN_ATTACKS'] === 'all' ? describe : describe.skip;
const main = join(process.cwd(), 'dist', 'src', 'cli', 'main.js');

afterAll(removeTemporaryDirectories);

attacks('what strangers get of keyturn lab', () => {
  let folder: string;
  let running: ChildProcess;
  let lab: Lab;
  let open: Listener[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keyturn-attacked-'));
    chmodSync(folder, 0o755);
    const env = { ...process.env, TMPDIR: folder };
    running = spawn(process.execPath, [main, 'lab', '--json'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(running.stdout!, 'data')) as [Buffer];
    lab = JSON.parse(said.toString()) as Lab;
    open = listeners(running.pid ?? 0);
  });
  afterAll(async () => {
    running.kill('SIGINT');
    await once(running, 'close');
    rmSync(folder, { recursive: true, force: true });
  });

  it('listens on loopback only, with its simulated systems and what its restart command asks, and nothing else', () => {
    const addresses = open.map(({ host, port }) => `http://${host}:${port}`).sort();

    const [, restart = ''] =
      /restart:[^]*?(http:\/\/127\.0\.0\.1:\d+)/.exec(readFileSync(lab.configuration, 'utf8')) ?? [];
    expect(addresses).toEqual([...Object.values(lab.systems), restart].sort());
    expect(addresses.every((address) => address.startsWith('http://127.0.0.1:'))).toBe(true);
  });

  it('refuses programs of other users and pages of other sites at every port', async () => {
    const aim: Aim = { workflowType: 'any', workflowId: 'rotation/openai', taskQueue: 'keyturn', input: {} };
    const ports = open.map(({ port }) => port);

    const outcomes = await send({ errand: 'attack', ports, aim, forged: await forge() });

    expect(outcomes).toHaveLength(ports.length * Object.keys({ ...programs, ...pages }).length);
    expect(outcomes.filter(({ got }) => got !== null && !/^was answered 4\d\d/.test(got))).toEqual([]);
  });

  it('lets another user read and change none of its files', async () => {
    const place = dirname(lab.configuration);

    const closed = await send({ errand: 'read', folder: place });
    chmodSync(place, 0o755);
    const opened = await send({ errand: 'read', folder: place });
    chmodSync(place, 0o700);

    expect(closed).toEqual({ user: 65_534, read: [], written: [] });
    expect(opened.read.map((path) => relative(place, path))).toEqual(['keyturn.yaml']);
    expect(opened.written).toEqual([]);
  });
});
