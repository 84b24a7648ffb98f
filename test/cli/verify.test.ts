import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import { until } from '../support/temporal.js';
import { type Ended, expectTold, type Running, type Fixture, startFixture } from './fixture.js';

jest.setTimeout(60_000); // each command is a process of its own, and a test runs several

let fixture: Fixture;
let engine: DocuElevateLab;
let openai: OpenAiLab;
let up: Running;

beforeAll(async () => {
  fixture = await startFixture();
  openai = fixture.scenario.systems['openai'] as OpenAiLab;
  engine = fixture.scenario.systems['docuelevate'] as DocuElevateLab;
  await fixture.adopt('--sole-user');
});
afterAll(() => fixture.stop());

interface Answer {
  readonly credentials: [
    { known: { state: string; drift: string | null; why: string } | null; skipped: string | null },
  ];
}
const verify = (...options: string[]): Promise<Ended> => fixture.keyturn('verify', 'openai', ...options);
const found = (ended: Ended) => ended.json<Answer>().credentials[0];
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('looks without a Temporal server, says what it found, and does not repeat the value', async () => {
  const ended = await verify();
  const status = await fixture.keyturn('status');

  expect(ended).toMatchObject({ code: 0 });
  expect(ended.stdout).toContain('openai version 1: no problem found');
  expect(status.stdout).toMatch(/verified.*\n.*not observable/);
  expect(ended.stdout + ended.stderr).not.toContain(fixture.scenario.adopted['key']);
});

it('says what is not there, and wants one credential for a document', async () => {
  expectTold(await fixture.keyturn('verify', 'opnai'), 2, 'did you mean "openai"?');
  expectTold(await fixture.keyturn('verify', '--document'), 2, 'keyturn verify <credential> --document');
});

it('says for how long nothing has answered', async () => {
  engine.faults.add({ method: 'GET', path: '/api/settings/{key}/history', times: 1, kind: 'hang' });

  const looking = fixture.start(['verify', 'openai']);
  await looking.says('openai: Look at settings, provider and use: no answer for');
  engine.faults.clear();
  looking.process.kill('SIGINT');
  await looking.ended;
});

it('says that nobody could look, and keeps what was known', async () => {
  engine.faults.add({ method: 'GET', path: '/api/settings/{key}/history', kind: { status: 500 } });
  const ended = await verify('--json');
  engine.faults.clear();

  expect(ended.code).toBe(1);
  expect(found(ended)).toMatchObject({
    known: { state: 'not-observable' },
    skipped: expect.stringContaining('500') as string,
  });
});

describe('after a rotation', () => {
  beforeAll(async () => {
    up = fixture.start(['up']);
    await up.says('Ready.');
    expect((await fixture.keyturn('rotate', 'openai')).code).toBe(0);
  });

  it('what was known of the version before is not told of the new one', async () => {
    engine.faults.add({ method: 'GET', path: '/api/settings/{key}/history', kind: { status: 500 } });
    const ended = await verify('--json');
    engine.faults.clear();

    expect(found(ended)).toMatchObject({ known: null, skipped: expect.stringContaining('500') as string });
  });

  it('a document that is handed in shows that it is in force, and is gone afterwards', async () => {
    const ended = await verify('--document', '--json');

    expect({ code: ended.code, ...found(ended) }).toMatchObject({
      code: 0,
      known: { state: 'verified' },
      document: { outcome: 'proved' },
    });
    expect(engine.files()).toEqual([]);
  });

  it('a comparison that takes long is told by reconcile', async () => {
    engine.faults.add({ method: 'GET', path: '/api/settings/{key}/history', times: 1, kind: 'hang' });

    const comparing = fixture.start(['reconcile', 'openai']);
    await comparing.says('Store, provider, engine and Temporal are compared: no answer for');
    engine.faults.clear();
    comparing.process.kill('SIGINT');
    await comparing.ended;
  });

  it('a setting that somebody edited is told by every way there is', async () => {
    engine.editSetting('openai_api_key', openai.createUserKey('by hand').value, 'bob');

    const ended = await verify('--json');
    const status = await fixture.keyturn('status', '--json', '--fail-on-trouble');
    const table = await fixture.keyturn('status');

    expect(ended.code).toBe(1);
    expect(found(ended)).toMatchObject({ known: { state: 'drifted', drift: 'edited' } });
    expect(status.code).toBe(1);
    expect(status.json()).toMatchObject({ credentials: [{ inForce: { state: 'drifted' } }] });
    expect(table.stdout).toMatch(/drifted, [^]*has drifted: openai_api_key was last changed by bob/);
  });

  it('workers look by themselves, and their metrics say so', async () => {
    up.process.kill('SIGTERM');
    await up.ended;
    const metrics = `127.0.0.1:${await freePort()}`;
    fixture.edit(/$/, 'verification: { every: 1 second }\n');
    const again = fixture.start(['up', '--metrics', metrics]);
    await again.says('Ready.');

    const shown = await until(async () => {
      const text = await (await fetch(`http://${metrics}/metrics`)).text();
      return /^keyturn_in_force_verified\{[^}]*credential="openai"[^}]*\} (\d)/m.exec(text)?.[1];
    });

    expect(shown).toBe('0');
  });
});
