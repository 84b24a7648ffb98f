import type { Task } from '../../src/domain/task.js';
import type { NextcloudLab } from '../../src/lab/nextcloud/server.js';
import { createPlayground, type Playground } from '../../src/lab/playground.js';
import { startByHand } from '../../src/lab/scenarios/by-hand.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { openSession, type Session } from '../../src/operations/session/session.js';
import { askFirst } from '../../src/operations/tasks/ask-first.js';

let scenario: Scenario;
let nextcloud: NextcloudLab;
let playground: Playground;
let session: Session;
let task: Task;

beforeEach(async () => {
  scenario = await startByHand();
  nextcloud = scenario.systems['by-hand'] as NextcloudLab;
  playground = await createPlayground(scenario, { grace: '0 seconds' });
  session = await openSession({ file: playground.file, create: true });
  const { credential, adopted: parts } = scenario;
  await adopt(session, { credential, parts, soleUser: true, actor: 'test' });
  const [row] = await session.store.credentials();
  const request = { actor: 'test', trigger: 'manual', reason: 'a test' } as const;
  const { next } = await session.store.open(row!, [], request, { workflowId: 'test', runId: 'run' });
  const text = { title: 'Create a new value', instructions: [], asks: 'value', handsOver: false } as const;
  const policy = { owner: 'platform', assignee: null, dueMs: 1000, remindMs: 1000, urgentMs: 1000 };
  await session.store.openTask(next, { ...text, otherwise: '' }, { ...policy, giveUpMs: null, escalation: null });
  [task] = (await session.store.tasks()) as [Task];
});
afterEach(async () => {
  await session.close();
  await playground.remove();
  await scenario.stop();
});

const ask = (value: string, signal = new AbortController().signal) =>
  askFirst(session, { task, parts: { value }, signal });
const logins = () => nextcloud.requests.filter(({ method }) => method === 'PROPFIND').length;

it('says that the server accepts a value', async () => {
  expect(await ask(nextcloud.createAppPassword('new'))).toEqual({
    accepted: true,
    detail: expect.stringContaining('answered 207') as string,
  });
});

it('refuses a value that the server refuses, after one question', async () => {
  const before = logins();

  await expect(ask('a-mistyped-app-password')).rejects.toMatchObject({
    message: expect.stringMatching(/^The server refuses the value: PROPFIND .* answered 401$/) as string,
    next: expect.stringContaining(`keyturn tasks complete ${task.id} --unchecked`) as string,
  });

  expect(logins() - before).toBe(2); // without the value, and with it
  expect(nextcloud.attempts()).toBe(1);
});

it.each([
  ['an error', { status: 503, body: 'what-it-says' }],
  ['no answer', 'reset-before'],
  ['an answer that shows nothing', { status: 418, body: 'what-it-says' }],
] as const)('takes %s of the server for no refusal, and says so without its words', async (_, kind) => {
  nextcloud.faults.add({ method: 'PROPFIND', path: '*', times: 1, kind });

  const answer = await ask('any-app-password');

  expect(answer?.accepted).toBe('unknown');
  expect(answer?.detail).not.toContain('what-it-says');
  expect(nextcloud.attempts()).toBe(0);
});

it('does not ask with what cannot be a new value', async () => {
  const before = logins();

  await expect(ask('abcd********')).rejects.toThrow('The value is masked');
  await expect(ask(scenario.adopted['value'] ?? '')).rejects.toThrow('is not new');

  expect(logins()).toBe(before);
});

it('gives no answer when it is interrupted', async () => {
  nextcloud.faults.add({ method: 'PROPFIND', path: '*', kind: 'hang' });
  const interruption = new AbortController();
  const asking = ask('any-app-password', interruption.signal);

  interruption.abort(new Error('Ctrl-C'));

  await expect(asking).rejects.toThrow();
});

it('asks nothing where no probe is configured', async () => {
  const section = session.config.credentials['nextcloud']!.provider as { probe?: unknown };
  delete section.probe;

  expect(await ask('any-app-password')).toBeNull();
});
