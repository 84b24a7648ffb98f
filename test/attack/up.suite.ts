import { chmodSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Client } from '@temporalio/client';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import { connectClient } from '../../src/temporal/connect.js';
import { embeddedTarget } from '../../src/temporal/settings.js';
import { freePorts } from '../../src/temporal/ports.js';
import { type Running, type Fixture, startFixture } from '../cli/fixture.js';
import { removeTemporaryDirectories } from '../temporal/support.js';
import { pages, programs, type Aim, type Forged } from './attacks.js';
import { listeners, type Listener } from './ports.js';
import type { Outcome } from './stranger.js';
import { aimAtNewest, forge, send, startOpenServer } from './setting.js';

jest.setTimeout(120_000); // every attack waits for an answer that does not come

const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
// Where the suite is to prove something, an attack that cannot be played counts as one that succeeded.
const attacks = isRoot || process.env['KEYTURN_ATTACKS'] === 'all' ? describe : describe.skip;

let forged: Forged;
beforeAll(async () => {
  forged = await forge();
});
afterAll(removeTemporaryDirectories);

attacks('other users of this machine', () => {
  it('can be played here', () => {
    expect(isRoot).toBe(true);
  });
});

attacks('what strangers get of keyturn up', () => {
  let fixture: Fixture;
  let up: Running;
  let client: Client;
  let metrics: number;
  let open: Listener[];
  let aim: Aim;

  beforeAll(async () => {
    fixture = await startFixture();
    await fixture.adopt('--sole-user');
    [metrics = 0] = await freePorts(1);
    up = fixture.start(['up', '--metrics', `127.0.0.1:${metrics}`]);
    await up.says('Ready.');
    open = listeners(up.process.pid ?? 0);
    client = await connectClient(embeddedTarget(join(fixture.dir, 'temporal')));
    const { code, stderr } = await fixture.keyturn('rotate', 'openai');
    if (code !== 0) throw new Error(stderr);
    aim = await aimAtNewest(client);
  });
  afterAll(async () => {
    await client.connection.close();
    await fixture.stop();
  });

  /** What an attack could have changed. */
  async function state(): Promise<unknown> {
    const openai = fixture.scenario.systems['openai'] as OpenAiLab;
    const ledger = await fixture.keyturn('ledger', '--json');
    return {
      workflows: (await client.workflow.count()).count,
      keys: openai.keys().map(({ value }) => openai.works(value)),
      ledger: ledger.stdout,
    };
  }

  it('listens on loopback only: eight ports of the server, and the metrics that were asked for', () => {
    const hosts = open.map(({ host }) => host);
    const ofServer = open.filter(({ program }) => program.includes('temporal-server'));

    expect(hosts).toEqual(hosts.map(() => '127.0.0.1'));
    expect(ofServer).toHaveLength(8);
    expect(open.filter((each) => !ofServer.includes(each)).map(({ port }) => port)).toEqual([metrics]);
  });

  it('gives programs of other users and pages of other sites nothing, on any port of the server', async () => {
    const before = await state();
    const ports = open.map(({ port }) => port).filter((port) => port !== metrics);

    const outcomes = await send({ errand: 'attack', ports, aim, forged });

    expect(outcomes.filter(({ got }) => got !== null)).toEqual([]);
    expect(outcomes).toHaveLength(ports.length * Object.keys({ ...programs, ...pages }).length);
    expect(await state()).toEqual(before);
  });

  it('shows figures where metrics were asked for, to programs, and nothing else', async () => {
    const before = await state();

    const outcomes = await send({ errand: 'attack', ports: [metrics], aim, forged });
    const figures = await fetch(`http://127.0.0.1:${metrics}/metrics`, { headers: { origin: 'https://a.example' } });
    const text = await figures.text();

    const answered = outcomes.filter(({ got }) => got !== null);
    expect(answered.filter(({ attack, got }) => attack in programs || got !== 'was answered 404: ')).toEqual([]);
    expect(text).toContain('temporal_');
    for (const secret of fixture.scenario.secrets()) expect(text).not.toContain(secret);
    expect(figures.headers.get('access-control-allow-origin')).toBeNull(); // so a browser shows it to no page
    expect(await state()).toEqual(before);
  });

  it('lets another user read and change no file, even where the folders stand open', async () => {
    const data = join(fixture.dir, 'temporal');
    chmodSync(fixture.dir, 0o755);

    const closed = await send({ errand: 'read', folder: data });
    chmodSync(data, 0o755);
    const opened = await send({ errand: 'read', folder: fixture.dir });

    chmodSync(data, 0o700);
    chmodSync(fixture.dir, 0o700);
    const ours = (paths: readonly string[]): string[] =>
      paths.map((path) => relative(fixture.dir, path)).filter((path) => !path.startsWith('compiled'));
    expect(closed).toEqual({ user: 65_534, read: [], written: [] });
    expect(ours(opened.read)).toEqual(['keyturn.yaml']);
    expect(ours(opened.written)).toEqual([]);
  });

  it('works on after all of that', async () => {
    const { code } = await fixture.keyturn('rotate', 'openai', '--reason', 'after the attacks');

    expect(code).toBe(0);
  });
});

// Without these, an attack that never works would pass for a door that holds.
attacks('the same attacks succeed', () => {
  const aim: Aim = { workflowType: 'any', workflowId: 'rotation/openai', taskQueue: 'keyturn', input: {} };

  it.each([
    [
      'where there is no TLS',
      'plain',
      [
        'starts an emergency without TLS',
        'works on our queue without TLS',
        'joins the services of the server without TLS',
        'posts an emergency as text/plain',
        'posts an emergency under its own name, after its address changed to ours',
        'reads a page of ours under its own name',
      ],
    ],
    [
      'where nobody is asked for a certificate',
      'tls',
      [
        'starts an emergency over TLS without a certificate',
        'starts an emergency with a certificate of their own',
        'works on our queue over TLS without a certificate',
        'works on our queue with a certificate of their own',
        'joins the services of the server with a certificate of their own',
        'posts an emergency over TLS',
      ],
    ],
  ] as const)('%s', async (_, how, expected) => {
    const server = await startOpenServer(how);

    const outcomes = await send({ errand: 'attack', ports: server.ports, aim, forged });

    await server.stop();
    const isSuccess = ({ attack, got }: Outcome): boolean =>
      got !== null && (!attack.startsWith('posts') || got.startsWith('was answered 200'));
    const succeeded = new Set(outcomes.filter(isSuccess).map(({ attack }) => attack));
    expect([...succeeded]).toEqual(expect.arrayContaining([...expected]));
  });
});
