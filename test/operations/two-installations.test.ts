import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { RotationPolicy } from '../../src/domain/rotation.js';
import { rotationId, scheduleId } from '../../src/domain/temporal-names.js';
import { fastClock } from '../../src/lab/clock.js';
import { createPlayground } from '../../src/lab/playground.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import type { Notice } from '../../src/domain/notice.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { conduct } from '../../src/operations/emergency/emergency.js';
import { triggerSchedule } from '../../src/operations/schedules/schedule-control.js';
import { applySchedules } from '../../src/operations/schedules/schedules.js';
import { openSession, type Session } from '../../src/operations/session/session.js';
import { inputOf } from '../../workers/compose.js';
import { startRotation } from '../../src/operations/rotate/start-rotation.js';
import { tell } from '../../src/operations/service/watch.js';
import { bundlePath } from '../../workers/bundle.js';
import type { Activities } from '../../workers/registered.js';
import { startWorkers } from '../../workers/rotation-worker.js';
import { progress } from '../../workflows/rotation/messages.js';
import { configure } from '../support/rehearsal.js';
import { startTestTemporal, type TestTemporal, until } from '../support/temporal.js';

jest.setTimeout(120_000); // everything is there twice

/** An installation with a stack of its own, whose credential has the name that everybody's has. */
interface Side {
  readonly scenario: Scenario;
  readonly session: Session;
  /** Stands before every activity of its workers. */
  before: (activity: string) => void;
}

let temporal: TestTemporal;
let [ours, theirs]: Side[] = [];
let releases: (() => Promise<unknown>)[] = [];

// One server for all tests: each has two installations of its own, and what others left there is not theirs either.
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  temporal = await startTestTemporal();
});
afterAll(() => temporal.stop());
beforeEach(async () => {
  releases = [];
  [ours, theirs] = [await startSide(), await startSide()];
});
afterEach(async () => {
  for (const release of releases.reverse()) await release();
});

async function startSide(): Promise<Side> {
  const scenario = await startOpenAiApiKey({ clock: fastClock(1000) });
  const playground = await createPlayground(scenario, { grace: '48 hours', giveUpAfter: '0 seconds' });
  const session = await openSession({ file: playground.file, create: true });
  await adopt(session, { credential: 'openai', parts: scenario.adopted, soleUser: true, actor: 'test' });
  const side: Side = { scenario, session, before: () => undefined };
  const activities = Object.fromEntries(
    Object.entries(session.activities).map(([name, activity]) => [
      name,
      (...args: never[]) => {
        side.before(name);
        return activity(...args);
      },
    ]),
  ) as Activities;
  const { connection } = temporal;
  const common = { connection, namespace: 'default', bundle: bundlePath };
  const workers = await startWorkers({ ...common, store: session.store, activities });
  releases.push(
    () => scenario.stop(),
    () => playground.remove(),
    () => session.close(),
    () => workers.stop(),
  );
  return side;
}

async function begin({ session }: Side, policy: Partial<RotationPolicy> = {}) {
  const input = inputOf('openai', { actor: 'test', trigger: 'manual', reason: 'a test' });
  configure(session, 'openai', policy);
  return startRotation(session, temporal.client, input);
}

const waitingFor = ({ session }: Side): Promise<string | undefined> =>
  temporal.client.workflow
    .getHandle(rotationId(session.store.installation, 'openai'))
    .query(progress)
    .then(({ waiting }) => waiting?.for);

const states = async ({ session }: Side) =>
  (await session.store.versions('openai')).map(({ number, state, compromised }) => ({ number, state, compromised }));

const inGrace = [
  { number: 1, state: 'retiring', compromised: false },
  { number: 2, state: 'current', compromised: false },
];

it('rotates the same credential of both at once, and an emergency of one leaves the other alone', async () => {
  const [one, other] = [ours!, theirs!];
  const begun = await Promise.all([begin(one), begin(other)]);
  expect(begun.map(({ isNew }) => isNew)).toEqual([true, true]);
  for (const side of [one, other]) await until(async () => (await waitingFor(side)) === 'grace');
  expect([await states(one), await states(other)]).toEqual([inGrace, inGrace]);
  const alive = other.scenario.working();

  const { store } = one.session;
  const asked = await store.ask({ credential: 'openai', actor: 'test', reason: 'it leaked', versions: null });
  const { signal } = new AbortController();
  const { session } = one;
  const conducted = await conduct({ session, client: temporal.client, signal, onChange: () => undefined }, asked);

  expect(conducted).toMatchObject({ how: 'ended', state: { outcome: 'replaced' } });
  expect(one.scenario.working()).toEqual([one.scenario.engineHolds()]);
  expect(other.scenario.working()).toEqual(alive);
  expect(await states(other)).toEqual(inGrace);
  expect(await waitingFor(other)).toBe('grace');
});

it('has a schedule for each, which begins the rotation of its own installation', async () => {
  const [one, other] = [ours!, theirs!];
  for (const { session } of [one, other]) await applySchedules(session, temporal.client, 'test');

  const order = { credential: 'openai', actor: 'test', reason: 'a test' };
  await temporal.client.workflow.getHandle(await triggerSchedule(one.session, temporal.client, order)).result();

  await until(async () => (await waitingFor(one)) === 'grace');
  expect(await states(one)).toEqual(inGrace);
  expect(await states(other)).toEqual([{ number: 1, state: 'current', compromised: false }]);
  const { action } = await temporal.client.schedule
    .getHandle(scheduleId(other.session.store.installation, 'openai'))
    .describe();
  expect(action).toMatchObject({ taskQueue: expect.stringContaining(other.session.store.installation) as string });
});

it('tells nobody of what the other one waits for', async () => {
  const [one, other] = [ours!, theirs!];
  one.before = (activity) => {
    if (activity === 'openai.remove') throw ApplicationFailure.nonRetryable('whose is it?', 'NeedsDecision');
  };
  await Promise.all([begin(one, { graceMs: 0 }), begin(other)]);
  await until(async () => (await waitingFor(one)) === 'operator');

  await until(async () => (await eventsTold(one)).includes('waiting')); // Temporal's list is behind for a moment

  expect(await eventsTold(other)).not.toContain('waiting');
});

/** Everything that was told of this installation so far, by now. */
const told = new Map<Side, string[]>();
async function eventsTold(side: Side): Promise<string[]> {
  const events = told.get(side) ?? [];
  told.set(side, events);
  const send = async ({ event }: Notice): Promise<void> => void events.push(event);
  const { config, store } = side.session;
  const notifications = { dueSoon: '1 day' as const };
  await tell({ config: { ...config, notifications }, store }, temporal.client, [{ name: 'webhook', send }]);
  return events;
}
