import type { NextcloudLab } from '../../src/lab/nextcloud/server.js';
import { startByHand } from '../../src/lab/scenarios/by-hand.js';
import type { Task } from '../../src/domain/task.js';
import { until } from '../support/temporal.js';
import { type Fixture, type Running, startFixture } from './fixture.js';

jest.setTimeout(60_000); // a test runs up to ten commands

let fixture: Fixture;
let nextcloud: NextcloudLab;
let up: Running;

beforeAll(async () => {
  fixture = await startFixture({ start: startByHand });
  nextcloud = fixture.scenario.systems['by-hand'] as NextcloudLab;
  const value = fixture.scenario.adopted['value'] ?? '';
  expect((await fixture.given(value, 'adopt', 'nextcloud', '--stdin', '--sole-user')).code).toBe(0);
  up = fixture.start(['up']);
  await up.says('Ready.');
});
afterAll(() => fixture.stop());

/** Names of the app passwords that work. */
const working = (): string[] =>
  nextcloud
    .appPasswords()
    .filter(({ works }) => works)
    .map(({ name }) => name);

const logins = (): number => nextcloud.requests.filter(({ method }) => method === 'PROPFIND').length;

/** The open task, as soon as there is one. */
function openTask(title: string): Promise<Task> {
  return until(async () => {
    const { tasks } = (await fixture.keyturn('tasks', '--json')).json<{ tasks: Task[] }>();
    return tasks.find((task) => task.title === title);
  });
}

it('leads a person through a rotation, from the plan to the proof that the old value is refused', async () => {
  const plan = await fixture.keyturn('plan', 'nextcloud');
  expect(plan.stderr).toBe('');
  expect(plan.stdout).toMatch(/Create a new value \(a person\)[^]*Revoke the old value \(a person\)/);

  const rotation = await fixture.keyturn('rotate', 'nextcloud');
  expect(rotation.code).toBe(4); // it waits for a person
  expect(rotation.stdout).toMatch(/waits for you[^]*Next +keyturn tasks show [0-9a-f]{8}/);

  const task = await openTask('Create a new value');
  const shown = await fixture.keyturn('tasks', 'show', 'nextcloud');
  expect(shown.stdout).toMatch(/1\. Open Nextcloud, as docuelevate\n[^]*Create a new app password[^]*call it keyturn-/);
  expect(shown.stdout).toMatch(/For +platform@example\.com|Owner +platform@example\.com/);

  const [, name = ''] = /call it (\S+)/.exec(shown.stdout) ?? [];
  const wrong = await fixture.given('abcd********', 'tasks', 'complete', 'nextcloud', '--stdin');
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('The value is masked');
  const old = await fixture.given(fixture.scenario.adopted['value'] ?? '', 'tasks', 'complete', task.id, '--stdin');
  expect(old.stderr).toContain('The value is not new: it is version 1 of nextcloud (current)');

  const before = logins();
  const mistyped = await fixture.given('a-mistyped-app-password', 'tasks', 'complete', task.id, '--stdin');
  expect(mistyped.code).toBe(1);
  expect(mistyped.stderr).toMatch(/The server refuses the value: PROPFIND \S+ as docuelevate answered 401/);
  expect(mistyped.stderr).toMatch(/Nothing was stored\. The task of version 2 of nextcloud is still open/);
  expect(mistyped.stderr).toContain(`keyturn tasks complete ${task.id} --unchecked`);
  expect(logins() - before).toBe(2); // without the value, and with it

  const value = nextcloud.createAppPassword(name);
  const done = await fixture.given(value, 'tasks', 'complete', task.id, '--stdin');
  expect(done.code).toBe(0);
  expect(done.stdout).toMatch(/Task [0-9a-f]{8} of nextcloud is done/);
  expect(done.stdout).toMatch(/The server was asked first: PROPFIND \S+ as docuelevate answered 207/);
  const again = await fixture.given(value, 'tasks', 'complete', task.id, '--stdin');
  expect(again.stderr).toMatch(/was done by \S+ at /);

  const revoke = await openTask('Revoke the old value');
  expect(working()).toEqual(['DocuElevate', name]);
  nextcloud.kill(fixture.scenario.adopted['value'] ?? '');
  expect((await fixture.keyturn('tasks', 'complete', revoke.id)).code).toBe(0);

  const status = await until(async () => {
    const seen = await fixture.keyturn('status', 'nextcloud');
    return seen.stdout.includes('rotated') && seen;
  });
  expect(status.stdout).toMatch(/nextcloud +2 /);
  const ledger = await fixture.keyturn('ledger', 'nextcloud');
  expect(ledger.stdout).toContain('Revoke the old value');
  expect(fixture.said()).not.toContain(value);
});

it('takes a task for oneself, gives it to somebody else, and rolls back when it is declined', async () => {
  await fixture.keyturn('rotate', 'nextcloud');
  const task = await openTask('Create a new value');

  const given = await fixture.keyturn('tasks', 'reassign', 'nextcloud', '--to', 'maria@example.com');
  expect(given.stdout).toContain(`Task ${task.id} is for maria@example.com now`);
  expect((await fixture.keyturn('tasks', 'take', 'nextcloud', '--actor', 'bob', '--json')).json()).toMatchObject({
    assignee: expect.stringContaining('bob') as string,
  });

  const declined = await fixture.keyturn('tasks', 'decline', 'nextcloud', '--reason', 'the vendor is down');
  expect(declined.code).toBe(0);
  const ledger = await until(async () => {
    const { stdout } = await fixture.keyturn('ledger', 'nextcloud');
    return stdout.includes('rolled-back') && stdout;
  });
  expect(ledger).toContain('the vendor is down');
  expect(working()).toHaveLength(1);
});

it('lists what has ended as well when it is asked for, and has no such option where it means nothing', async () => {
  const { tasks } = (await fixture.keyturn('tasks', '--all', '--json')).json<{ tasks: Task[] }>();
  expect(tasks.map(({ state }) => state)).toContain('done');

  expect((await fixture.keyturn('tasks', 'show', '--help')).stdout).not.toContain('--all');
  expect((await fixture.keyturn('tasks', 'show', 'nobody', '--all')).code).toBe(2);
  expect((await fixture.keyturn('tasks', 'shwo')).code).toBe(2);
});

it('says what there is when a task is not known', async () => {
  const { code, stderr } = await fixture.keyturn('tasks', 'show', 'nobody');

  expect(code).toBe(2);
  expect(stderr).toContain('There is no task "nobody"');
  expect((await fixture.keyturn('tasks')).stdout).toContain('Nobody has anything to do.');
});

it('stores a value that the server refuses when it is told to', async () => {
  await fixture.keyturn('rotate', 'nextcloud');
  const { id } = await openTask('Create a new value');
  const value = 'an-app-password-that-it-does-not-know';
  expect((await fixture.given(value, 'tasks', 'complete', id, '--stdin')).code).toBe(1);

  const { code, stdout } = await fixture.given(value, 'tasks', 'complete', id, '--stdin', '--unchecked');

  expect(code).toBe(0);
  expect(stdout).toContain(`Task ${id} of nextcloud is done`);
  expect(stdout).not.toContain('was asked first');
});
