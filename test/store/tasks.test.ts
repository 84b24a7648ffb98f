import type { Task, TaskPolicy, TaskText } from '../../src/domain/task.js';
import type { VersionRef } from '../../src/domain/version.js';
import { noticesOf } from '../../src/notifications/gather.js';
import { endTask, findTask } from '../../src/operations/tasks/tasks.js';
import { type Bench, claims, containing, openai, randomValue, request, startBench, writer } from './fixtures.js';

const day = 86_400_000;
const text: TaskText = {
  ...{ title: 'Create a new key', instructions: ['Open the page', 'Create a key'], asks: 'value' },
  ...{ handsOver: false, otherwise: 'The rotation rolls back' },
};
const policy: TaskPolicy = {
  ...{ owner: 'platform', assignee: 'maria', dueMs: 3 * day, remindMs: day },
  ...{ escalation: { to: 'lead', afterMs: 2 * day }, giveUpMs: 14 * day },
  urgentMs: 900_000,
};

describe('A task', () => {
  let bench: Bench;
  let next: VersionRef;
  let task: Task;

  beforeEach(async () => {
    bench = await startBench();
    ({ next } = await bench.store.open(openai, claims, request, writer));
    await bench.store.intend(next);
    await bench.store.openTask(next, text, policy);
    [task] = (await bench.store.tasks()) as [Task];
  });

  afterEach(() => bench.close());

  const done = (value = randomValue()) => ({ state: 'done', actor: 'maria', words: null, parts: { value } }) as const;

  it('is opened once, however often the step is repeated', async () => {
    expect(await bench.store.openTask(next, text, policy)).toMatchObject({ id: task.id, state: 'open' });

    expect(await bench.store.tasks()).toHaveLength(1);
    expect(task).toMatchObject({
      ...{ ...text, credential: 'openai', version: 1, owner: 'platform', assignee: 'maria', urgent: false },
      ...{ dueAt: bench.clock + 3 * day, givesUpAt: bench.clock + 14 * day, by: null },
    });
  });

  it('ends together with the value that it asked for, and says who ended it', async () => {
    const value = randomValue();
    expect(await bench.store.endTask(task.id, done(value))).toMatchObject({ state: 'done', by: 'maria' });

    expect(await bench.store.unseal(next)).toEqual({ value });
    expect(await bench.store.read(next)).toMatchObject({ state: 'candidate' });
    expect(await bench.store.intents('openai')).toMatchObject([{ outcome: 'kept' }]);
    const [entry] = (await bench.store.ledger({ credential: 'openai' })).slice(-1);
    expect(entry).toMatchObject({ event: 'task-done', actor: 'maria', version: 1, title: 'Create a new key' });
    expect((await bench.store.verifyLedger()).statesFit).toBe(true);
  });

  it('takes one answer: a second one stores nothing', async () => {
    const first = randomValue();
    await bench.store.endTask(task.id, done(first));

    await expect(bench.store.endTask(task.id, done())).rejects.toThrow(`Task ${task.id} was done by maria`);
    expect(await bench.store.unseal(next)).toEqual({ value: first });
  });

  it('says that nothing was created when it is declined, and can be asked for again', async () => {
    await bench.store.endTask(task.id, { state: 'declined', actor: 'maria', words: 'the vendor is down' });
    expect(await bench.store.intents('openai')).toMatchObject([{ outcome: 'nothing-made' }]);

    const again = await bench.store.openTask(next, text, policy);
    expect(again).toMatchObject({ state: 'open' });
    expect(again.id).not.toBe(task.id);
  });

  it('says nothing about what was created when it asks for something else', async () => {
    const { id } = await bench.store.openTask(next, { ...text, title: 'Revoke it', asks: 'done' }, policy);

    await bench.store.endTask(id, { state: 'declined', actor: 'maria', words: 'not today' });

    expect(await bench.store.intents('openai')).toMatchObject([{ outcome: 'open' }]);
  });

  it('is given up, unless somebody has its value', async () => {
    await bench.store.handOverTask(task.id, 'maria');
    expect(await bench.store.withdrawTask(next, task.id, { unseen: true })).toMatchObject({ state: 'open' });
    expect(await bench.store.withdrawTask(next, task.id, { unseen: false })).toMatchObject({ state: 'withdrawn' });
  });

  it('is withdrawn when its rotation ends or an emergency takes over, and then takes no value', async () => {
    await bench.store.seize(openai, request, { ...writer, runId: 'an emergency' });

    expect(await bench.store.tasks()).toMatchObject([{ id: task.id, state: 'withdrawn' }]);
    await expect(bench.store.endTask(task.id, done())).rejects.toMatchObject({
      message: containing('was withdrawn'),
      state: containing('revoke it again'),
    });
  });

  it('hands a generated value over once', async () => {
    const handed = { handedAt: bench.clock, givesUpAt: null }; // whoever has it may set it at any time
    expect(await bench.store.handOverTask(task.id, 'maria')).toMatchObject(handed);

    await expect(bench.store.handOverTask(task.id, 'bob')).rejects.toMatchObject({
      next: containing('keyturn reveal openai --version 1'),
    });
  });

  it('is found by its id, or by its credential while that has one', async () => {
    expect(await findTask(bench, task.id)).toEqual(task);
    expect(await findTask(bench, 'openai')).toEqual(task);
    await expect(findTask(bench, 'azure')).rejects.toThrow('There is no task "azure"');
    await bench.store.openTask(next, { ...text, title: 'Another' }, policy);
    await expect(findTask(bench, 'openai')).rejects.toThrow('openai has 2 open tasks');
  });

  it.each([
    ['', 'is empty'],
    ['  ', 'is empty'],
    ['sk-a************', 'is masked'],
    ['••••••••', 'is masked'],
    [' value', 'begins or ends with a space'],
    ['two\nlines', 'holds a line break'],
  ])('refuses %j as a new value, and stays open', async (value, flaw) => {
    await expect(endTask(bench, { task, ending: done(value) })).rejects.toThrow(`The value ${flaw}`);

    expect(await bench.store.tasks()).toMatchObject([{ state: 'open' }]);
    expect(await bench.store.read(next)).toMatchObject({ state: 'intended', parts: [] });
  });

  it('refuses a value that is known already, also one of another credential', async () => {
    const known = randomValue();
    const credential = { name: 'azure', procedure: 'azure', account: 'azure' };
    await bench.store.adopt({ credential, parts: { key: known }, soleUser: true, actor: 'ada', claims: [] });

    const ending = done(known);
    await expect(endTask(bench, { task, ending })).rejects.toThrow(
      'The value is not new: it is version 1 of azure (current)',
    );
  });

  it('is told when it is opened, every day once it is overdue, and to somebody else after that', async () => {
    const notices = (now: number) =>
      noticesOf(
        { ...{ credential: 'openai', owner: 'platform', times: null, rotations: [], inForce: null }, tasks: [task] },
        [],
        { now, dueSoonMs: day },
      ).map(({ event, id, for: whom }) => [event, id.replace(task.id, 'ID'), whom]);
    const opened = ['task', 'openai/task/ID', 'maria'];

    expect(notices(task.dueAt - 1)).toEqual([opened]);
    expect(notices(task.dueAt)).toEqual([opened, ['task-overdue', 'openai/task/ID/reminder/0', 'maria']]);
    expect(notices(task.dueAt + 2 * day)).toEqual([
      opened,
      ['task-overdue', 'openai/task/ID/reminder/2', 'maria'],
      ['task-overdue', 'openai/task/ID/escalated', 'lead'],
    ]);
  });
});
