import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startReceiver, type TestReceiver } from '../support/receiver.js';
import { expectTold, type Running, type Fixture, startFixture } from './fixture.js';

jest.setTimeout(60_000); // each command is a process of its own, and a test runs several

let fixture: Fixture;
let up: Running;
let receiver: TestReceiver;

beforeAll(async () => {
  [fixture, receiver] = await Promise.all([startFixture(), startReceiver()]);
  await fixture.adopt('--sole-user');
  writeFileSync(join(fixture.dir, 'webhook'), randomBytes(24).toString('hex'));
  fixture.edit(/$/, `notifications:\n  webhook: { url: "${receiver.url}", secret: { file: ./webhook } }\n`);
  up = fixture.start(['up']);
  await up.says('Ready.');
});
afterAll(() => Promise.all([fixture.stop(), receiver.stop()]));

const told = () => receiver.messages.map(({ body }) => (JSON.parse(body) as { event: string }).event);

it('shows what apply would do, does it, and has nothing left to do', async () => {
  const plan = await fixture.keyturn('schedules', 'plan');
  const apply = await fixture.keyturn('schedules', 'apply', '--json');
  const again = await fixture.keyturn('schedules', 'plan');

  expect(plan.stdout).toMatch(/openai +\+ create +every 90 days +\d{4}-/);
  expect(plan.stdout).toContain('keyturn schedules apply');
  expect(apply.json()).toMatchObject({
    changes: [{ credential: 'openai', change: 'create' }],
    verification: [{ engine: 'docs', basis: 'every 1 hour' }],
  });
  expect(again.stdout).toContain('= unchanged');
  expect(again.stdout).not.toContain('Next');
});

it('lists, pauses and resumes, with a reason and a name', async () => {
  await fixture.keyturn('schedules', 'pause', 'openai', '--reason', 'the migration', '--actor', 'ada');
  const paused = await fixture.keyturn('schedules', 'list');
  const status = await fixture.keyturn('status', '--fail-on-trouble');
  await fixture.keyturn('schedules', 'resume', 'openai', '--reason', 'it is over', '--actor', 'ada');
  const listed = await fixture.keyturn('schedules', 'list', '--json');

  expect(paused.stdout).toMatch(/paused, ada \(.+ on this system\): the migration/);
  expect(status.code).toBe(0); // nothing is overdue
  expect(status.stdout).toMatch(/\d{4}-\d\d-\d\d \(paused\)/);
  expect(status.stdout).toMatch(/its schedule is paused \(ada .+: the migration\).+keyturn schedules resume openai/);
  expect(listed.json()).toMatchObject({ schedules: [{ credential: 'openai', paused: false, missed: 0 }] });
  expect((await fixture.keyturn('ledger', 'openai')).stdout).toMatch(/paused.*the migration.*by ada/);
});

it('says what is not there', async () => {
  const [unknown, reason] = await Promise.all([
    fixture.keyturn('schedules', 'pause', 'opnai', '--reason', 'x'),
    fixture.keyturn('schedules', 'trigger', 'openai'),
  ]);

  expectTold(unknown, 2, 'did you mean "openai"?');
  expect(reason.code).toBe(2);
  expect(reason.stderr).toContain('--reason');
});

it('rotates when a person takes it for due, and the schedule stays as it is', async () => {
  const before = await due();
  const triggered = await fixture.keyturn('schedules', 'trigger', 'openai', '--reason', 'a test');
  while ((await version()) < 2);

  expect(triggered.code).toBe(0);
  expect(await due()).toEqual(before);
  const ledger = await fixture.keyturn('ledger', 'openai', '--limit', '200');
  expect(ledger.stdout).toMatch(/opened.*schedule: a test/);
});

it('proves that messages arrive, and tells of what happened meanwhile', async () => {
  const works = await fixture.keyturn('notify', 'test', '--json');
  while (!told().includes('retired')) await new Promise((resolve) => setTimeout(resolve, 50));
  receiver.status = 503;
  const broken = await fixture.keyturn('notify', 'test');
  const status = await fixture.keyturn('status', '--fail-on-trouble');

  expect(works.json()).toEqual({ channels: [{ channel: 'webhook', ok: true, why: null }] });
  expect(told()).toEqual(expect.arrayContaining(['test', 'started', 'retired']));
  expect(broken.code).toBe(1);
  expect(broken.stdout).toContain('✖ webhook: webhook send answered 503');
  expect(status.code).toBe(1);
  expect(status.stdout).toContain('webhook has delivered no message since');
});

it('asks for somebody to notify', async () => {
  fixture.edit(/notifications:[\s\S]*$/, '');

  expectTold(await fixture.keyturn('notify', 'test'), 2, 'has no notification channel', 'keyturn.example.yaml');
});

async function one<T>(): Promise<T> {
  return (await fixture.keyturn('status', '--json')).json<{ credentials: [T] }>().credentials[0];
}
const due = async () => (await one<{ scheduled: boolean; dueAt: number; nextWindowAt: number }>()).dueAt;
const version = async () => (await one<{ current: { number: number } }>()).current.number;

it('moves with a credential that gets another name, paused as it is, and goes with one that is forgotten', async () => {
  await fixture.keyturn('schedules', 'apply');
  await fixture.keyturn('schedules', 'pause', 'openai', '--reason', 'the migration', '--actor', 'ada');
  fixture.edit('  openai:', '  llm:');

  const renamed = await fixture.keyturn('rename', 'openai', 'llm', '--json');
  const listed = await fixture.keyturn('schedules', 'list', '--json');
  const plan = await fixture.keyturn('schedules', 'plan', '--json');
  const forgotten = await fixture.keyturn('forget', 'llm', '--yes', '--json');
  const after = await fixture.keyturn('schedules', 'list', '--json');

  expect(renamed.json()).toMatchObject({ credential: 'llm', schedule: 'moved, paused' });
  expect(listed.json()).toMatchObject({
    schedules: [{ credential: 'llm', paused: true, note: expect.stringMatching(/^ada .*: the migration$/) as string }],
  });
  expect(plan.json()).toMatchObject({ changes: [{ credential: 'llm', change: 'keep' }] });
  expect(forgotten.json()).toMatchObject({ credential: 'llm', scheduleDeleted: true });
  expect(after.json()).toEqual({ schedules: [] });
});
