import type { WorkflowHandle } from '@temporalio/client';
import type { Progress } from '../../src/domain/rotation.js';
import { tellAgain } from '../../src/operations/tasks/tasks.js';
import { emergencyRevoke, endTask } from '../../workflows/rotation/messages.js';
import { until } from '../support/temporal.js';
import { type Fixture, startFixture } from './fixture.js';

// A step that only a person can do waits for a task in the store. The message to the rotation only says that there is news.
let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());
beforeEach(() => {
  fixture.calls.length = 0;
  fixture.behave = () => undefined;
});

async function waiting(handle: WorkflowHandle): Promise<NonNullable<Progress['waiting']>> {
  return until(async () => (await fixture.progress(handle)).waiting);
}

/** The rotation waits for somebody to revoke the old value. */
async function revoking(credential: string): Promise<WorkflowHandle> {
  const handle = await fixture.rotate(credential, {}, 'rotateAssisted');
  await fixture.end(await fixture.task(credential));
  await until(async () => (await fixture.progress(handle)).waiting?.why === 'Revoke by hand');
  return handle;
}

it('waits for each task, and retires the old value when both are done', async () => {
  const handle = await fixture.rotate('whole', {}, 'rotateAssisted');
  const first = await fixture.task('whole');
  expect(await waiting(handle)).toMatchObject({ for: 'operator', task: first.id, why: 'Give consent' });
  expect(fixture.calls).not.toContain('write 2');

  await fixture.end(first);
  await fixture.end(await fixture.task('whole'), { words: 'deleted it on the page' });

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired', version: 2 });
  const done = (await fixture.progress(handle)).steps.find(({ title }) => title === 'Revoke by hand');
  expect(done).toMatchObject({ state: 'done', detail: 'done by ada: deleted it on the page' });
  expect(await fixture.store.unseal({ credential: 'whole', number: 2 })).toEqual({ key: `a value for ${first.id}` });
  expect((await fixture.store.tasks('whole')).every(({ noticedAt }) => noticedAt !== null)).toBe(true);
});

it('does not believe a message: only the store says that a task is done', async () => {
  const handle = await fixture.rotate('forged', {}, 'rotateAssisted');
  const task = await fixture.task('forged');
  await waiting(handle);

  const foreign = handle.executeUpdate(endTask, { args: [{ task: 'another' }] });
  await expect(foreign).rejects.toMatchObject({ cause: { message: 'the rotation does not wait for task another' } });
  await handle.executeUpdate(endTask, { args: [{ task: task.id }] });

  await until(async () =>
    (await fixture.store.ledger({ credential: 'forged' })).some(({ title }) => title === 'Look at the task'),
  );
  expect(await waiting(handle)).toMatchObject({ task: task.id });
  expect(fixture.calls).not.toContain('write 2');
  await handle.terminate();
});

it('goes on when the process that ended the task died before it told the rotation', async () => {
  const handle = await fixture.rotate('untold', {}, 'rotateAssisted');
  const task = await fixture.task('untold');
  await waiting(handle);
  await fixture.store.endTask(task.id, {
    state: 'done',
    actor: 'ada',
    words: null,
    parts: { key: 'given and not told' },
  });

  await tellAgain(fixture, fixture.temporal.client);

  expect(await fixture.task('untold')).toMatchObject({ title: 'Revoke it' });
  await handle.terminate();
});

it('hears of a task that is done before the rotation knows that it is open', async () => {
  fixture.opened = async () => {
    const [task] = await fixture.store.tasks('early');
    if (task?.state === 'open') await fixture.end(task);
  };
  const handle = await fixture.rotate('early', {}, 'rotateAssisted');

  await until(async () => (await fixture.progress(handle)).waiting?.why === 'Revoke by hand');

  fixture.opened = async () => undefined;
  await handle.terminate();
});

it('rolls back when the task is declined before anything was changed', async () => {
  const handle = await fixture.rotate('declined', {}, 'rotateAssisted');
  await fixture.end(await fixture.task('declined'), { state: 'declined', words: 'the vendor is down' });

  const undo = await fixture.task('declined'); // the person may have created it all the same
  const [, declined] = await fixture.store.tasks('declined');
  expect(declined).toMatchObject({ state: 'declined', noticedAt: expect.any(Number) as number }); // so it is not told again
  await fixture.end(undo);

  expect(await fixture.report(handle)).toMatchObject({
    outcome: 'rolled-back',
    why: expect.stringContaining('ada declined it: the vendor is down') as string,
  });
  expect(fixture.calls).not.toContain('write 2');
});

it('rolls back when nobody comes, and asks to revoke what may have been created', async () => {
  fixture.tasks = { ...fixture.tasks, dueMs: 50, giveUpMs: 200 };
  const handle = await fixture.rotate('alone', {}, 'rotateAssisted');
  expect(await waiting(handle)).toMatchObject({ then: 'the rotation rolls back' });

  await until(async () => (await fixture.store.tasks('alone')).some(({ title }) => title === 'Revoke it'));

  expect((await fixture.progress(handle)).phase).toBe('roll-back');
  fixture.tasks = { ...fixture.tasks, dueMs: 86_400_000, giveUpMs: 14 * 86_400_000 };
  await handle.terminate();
});

it('asks what to do when the end of the old value is declined, and a retry asks for it anew', async () => {
  const handle = await revoking('kept');
  const first = await fixture.task('kept');
  await fixture.end(first, { state: 'declined', words: 'the scanner uses it' });
  const question = await until(async () => {
    const asked = await waiting(handle);
    return asked.task === undefined && asked;
  });
  expect(question).toMatchObject({
    why: 'Revoke by hand: ada declined it: the scanner uses it',
    choices: ['retry', 'skip', 'abandon'],
  });

  const { decided } = await import('../support/decided.js');
  await decided(fixture.store, handle, { actor: 'ada', decision: 'retry', reason: 'the scanner is gone' });
  const second = await fixture.task('kept');
  expect(second.id).not.toBe(first.id);
  await fixture.end(second);

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
});

it('withdraws the task when an emergency overtakes it, and the value is not taken any more', async () => {
  const handle = await fixture.rotate('overtaken', {}, 'rotateAssisted');
  const task = await fixture.task('overtaken');
  await waiting(handle);

  await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });

  const urgent = await until(async () => (await fixture.store.tasks('overtaken')).find((each) => each.urgent));
  expect(urgent).toMatchObject({ title: 'Revoke it', state: 'open' });
  const late = fixture.store.endTask(task.id, { state: 'done', actor: 'bob', words: null, parts: { key: 'too late' } });
  await expect(late).rejects.toThrow(`Task ${task.id} was withdrawn`);
  await handle.terminate();
});
