import { join } from 'node:path';
import type { OpenAiLab } from '../../src/lab/openai/server.js';
import { findTemporalBinary } from '../../src/temporal/binary.js';
import { startEmbeddedServer } from '../../src/temporal/embedded.js';
import { until } from '../support/temporal.js';
import { type Ended, expectTold, type Running, type Fixture, startFixture } from './fixture.js';

jest.setTimeout(60_000); // each command is a process of its own, and some tests start everything anew

let fixture: Fixture;
let openai: OpenAiLab;
let up: Running;

beforeAll(async () => {
  fixture = await startFixture();
  openai = fixture.scenario.systems['openai'] as OpenAiLab;
  await fixture.adopt('--sole-user');
  up = fixture.start(['up']);
  await up.says('Ready.');
});
afterAll(() => fixture.stop());

const rotate = (...options: string[]): Promise<Ended> => fixture.keyturn('rotate', 'openai', ...options);

it('tells a second one who is there', async () => {
  const second = await fixture.start(['up']).ended;

  expectTold(second, 1, 'already runs on this data', 'started by process');
  expect(second.stderr).toContain(String(up.process.pid));
});

it('finds the server again after a restart', async () => {
  const watching = fixture.start(['rotate', 'openai', '--grace', '30 minutes', '--json']);
  await watching.says('the old one is retired at');
  up.process.kill('SIGTERM');
  await Promise.all([up.ended, watching.says('does not answer')]);

  up = fixture.start(['up']);
  await up.says('Ready.');
  await fixture.keyturn('end-grace', 'openai');

  expect((await watching.ended).json()).toMatchObject({ state: 'ended', outcome: 'retired' });
});

it('stops on Ctrl-C, and then names what is needed', async () => {
  up.process.kill('SIGINT');
  const ended = await up.ended;

  const [none, status] = await Promise.all([rotate(), fixture.keyturn('status')]);

  expect(ended).toMatchObject({ code: 0, stderr: '' });
  for (const line of [
    'Temporal server: 127.0.0.1:',
    'temporal --config-file ',
    'Workers: ready',
    '✔ openai v1  The old key is refused',
    'Stopping',
    'Temporal server: stopped',
  ])
    expect(ended.stdout).toContain(line);
  expectTold(none, 5, 'No Temporal server', 'keyturn up');
  expect(status.code).toBe(0);
  expect(status.stdout).toContain('none runs here, so live progress is missing');
});

it('starts a rotation that nobody works on yet, and a worker does it', async () => {
  const report = (): void => undefined;
  const binary = await findTemporalBinary({ report });
  const server = await startEmbeddedServer({ dataDir: join(fixture.dir, 'temporal'), binary, report });

  const waiting = await rotate('--json');
  const [status, unanswered] = await Promise.all([
    fixture.keyturn('status'),
    fixture.keyturn('decide', 'openai', 'retry', '--reason', 'nobody is there'),
  ]);
  const worker = fixture.start(['worker']);
  const done = await fixture.keyturn('status', 'openai', '--follow');
  worker.process.kill('SIGTERM');
  const ended = await worker.ended;
  await server.stop();

  expect(waiting.code).toBe(4);
  expect(waiting.json()).toMatchObject({ isNew: true, state: 'waiting for a worker' });
  expect(status.code).toBe(0);
  expect(unanswered.code).toBe(5);
  expect(unanswered.stderr).toContain('Nothing was sent');
  expect(done.code).toBe(0);
  expect(ended.code).toBe(0);
});

it('stops at once on a second Ctrl-C, whatever is in progress', async () => {
  const account = openai.keys()[0]?.accountId ?? '';
  const path = `/v1/organization/projects/${openai.project}/service_accounts/${account}/api_keys`;
  up = fixture.start(['up']);
  await up.says('Ready.');
  openai.faults.add({ method: 'POST', path, kind: 'hang' });
  await rotate('--detach');
  await until(async () =>
    openai.requests.some((each) => each.method === 'POST' && each.path === path && each.status === undefined),
  );

  up.process.kill('SIGINT');
  await up.says('Ctrl-C again');
  up.process.kill('SIGINT');

  expect((await up.ended).code).toBe(130);
});
