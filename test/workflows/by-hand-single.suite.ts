import type { WorkflowHandle } from '@temporalio/client';
import { progress } from '../../workflows/rotation/messages.js';
import type { Task } from '../../src/domain/task.js';
import { handedBy, openTasks } from '../../src/lab/people.js';
import { startByHandSingle } from '../../src/lab/scenarios/by-hand-single.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { answerRotation } from '../../src/operations/rotate/steer.js';
import { endTask, tellRotation } from '../../src/operations/tasks/tasks.js';
import { rehearse, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';

// One password, and nothing but a person can see whether it works. What somebody did and has not said is not assumed.
let scenario: Scenario;
let rehearsal: TestRehearsal;

beforeAll(async () => {
  scenario = await startByHandSingle({ probed: false });
  delete (scenario as { people?: unknown }).people; // the tests are
  rehearsal = await rehearse(scenario);
});
afterAll(() => rehearsal.stop());

const seeing = 'See that the old value still works';

const asked = (title: string): Promise<Task> =>
  until(async () => (await openTasks(rehearsal.session)).find((task) => task.title === title));

const waitsFor = (handle: WorkflowHandle, task: Task) =>
  until(async () => {
    const { waiting } = await handle.query(progress);
    return waiting?.task === task.id && waiting;
  });

async function rollBack(): Promise<void> {
  const { credential } = scenario;
  const answer = { actor: 'ada', decision: 'roll-back', reason: 'another day' } as const;
  await answerRotation(rehearsal.session, rehearsal.client, { credential, ...answer });
}

async function say(task: Task, state: 'done' | 'declined', words: string): Promise<void> {
  const ended = await endTask(rehearsal.session, { task, ending: { state, actor: 'maria', words } });
  await tellRotation(rehearsal.session, rehearsal.client, ended);
}

it('asks nobody about the old password when nobody can have replaced it', async () => {
  const handle = await rehearsal.begin();
  await waitsFor(handle, await asked('Set the new value'));

  await rollBack();

  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'rolled-back' });
  expect((await rehearsal.session.store.tasks()).map(({ title }) => title)).not.toContain(seeing);
});

it('asks a person to see that the old password works when somebody may have replaced it, before it counts as in force', async () => {
  const handle = await rehearsal.begin();
  const task = await asked('Set the new value');
  const waiting = await waitsFor(handle, task);
  expect(waiting.impact).toBe('documents use version 1, and fail if a person has replaced it already');
  expect(waiting.effects['roll-back']).toMatch(/documents use version 1, which is first seen to work$/);
  await handedBy(rehearsal.session, task)(); // shown to somebody, who may set it at any time

  await rollBack();
  const see = await asked(seeing);

  expect(see).toMatchObject({ version: 1, asks: 'word' });
  expect(see.instructions.join('\n')).toContain('keyturn reveal webdav --version 1');
  expect((await waitsFor(handle, see)).impact).toContain('fail if a person has replaced it');
  expect((await rehearsal.session.store.versions('webdav')).at(-1)?.state).toBe('candidate');

  await say(see, 'done', 'a document came through');
  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'rolled-back' });
  const ledger = await rehearsal.session.store.ledger({ credential: 'webdav' });
  expect(ledger).toContainEqual(expect.objectContaining({ event: 'task-done', actor: 'maria', title: seeing }));
});

it('does not roll back to a password that a person cannot bring back: that is a question', async () => {
  const handle = await rehearsal.begin();
  await handedBy(rehearsal.session, await asked('Set the new value'))();
  await rollBack();

  await say(await asked(seeing), 'declined', 'the server takes no earlier password');

  const waiting = await until(async () => {
    const { waiting: now } = await handle.query(progress);
    return now?.why.includes('the server takes no earlier password') && now;
  });
  expect(waiting.choices).toEqual(['retry', 'skip', 'abandon']);
  await answerRotation(rehearsal.session, rehearsal.client, {
    ...{ credential: 'webdav', actor: 'ada', decision: 'abandon', reason: 'a new value follows' },
  });
  expect(await rehearsal.report(handle)).toMatchObject({ outcome: 'abandoned' });
});
