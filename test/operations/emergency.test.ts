import { containmentId, rotationId, taskQueueOf } from '../../src/domain/temporal-names.js';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { fastClock } from '../../src/lab/clock.js';
import { createPlayground, type Playground } from '../../src/lab/playground.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { startOpenAiApiKey } from '../../src/lab/scenarios/openai-api-key.js';
import { adopt } from '../../src/operations/setup/adopt.js';
import { conduct, type Conducted } from '../../src/operations/emergency/emergency.js';
import { openSession, type Session } from '../../src/operations/session/session.js';
import { inputOf } from '../../workers/compose.js';
import { startRotation } from '../../src/operations/rotate/start-rotation.js';
import { hasten } from '../../src/operations/rotate/steer.js';
import { bundlePath } from '../../workers/bundle.js';
import type { Activities } from '../../workers/registered.js';
import { type RunningWorkers, startWorkers } from '../../workers/rotation-worker.js';
import { progress } from '../../workflows/rotation/messages.js';
import { bundled } from '../support/bundled.js';
import { inLaterRun, startTestTemporal, type TestTemporal, until } from '../support/temporal.js';

jest.setTimeout(60_000); // two of these wait the five seconds after which a rotation counts as silent

let temporal: TestTemporal;
let scenario: Scenario;
let playground: Playground;
let session: Session;
let workers: RunningWorkers | null = null;

// One server for all: each test is an installation of its own, with queues and ids of its own.
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  temporal = await startTestTemporal();
});
afterAll(() => temporal.stop());
beforeEach(async () => {
  scenario = await startOpenAiApiKey({ clock: fastClock(1000) });
  playground = await createPlayground(scenario, { grace: '48 hours', giveUpAfter: '0 seconds' });
  session = await openSession({ file: playground.file, create: true });
  await adopt(session, { credential: 'openai', parts: scenario.adopted, soleUser: true, actor: 'test' });
});
afterEach(async () => {
  await workers?.stop();
  workers = null;
  await session.close();
  await playground.remove();
  await scenario.stop();
});

/** The bundle of a later Keyturn. */
const later = (): Promise<string> => bundled(fileURLToPath(new URL('./changed/index.ts', import.meta.url)));

async function work(bundle = bundlePath, around = (activities: Activities) => activities): Promise<void> {
  const { store, activities } = session;
  const { connection } = temporal;
  workers = await startWorkers({ connection, namespace: 'default', bundle, store, activities: around(activities) });
}

function begin() {
  const input = inputOf('openai', { actor: 'test', trigger: 'manual', reason: 'a test' });
  return startRotation(session, temporal.client, input);
}

async function emergency(direct = false): Promise<Conducted> {
  const asked = await session.store.ask({ credential: 'openai', actor: 'test', reason: 'it leaked', versions: null });
  const { signal } = new AbortController();
  return conduct({ session, client: direct ? null : temporal.client, signal, onChange: () => undefined }, asked);
}

function expectReplaced({ how, state }: Conducted, by: string): void {
  expect({ how, by: state.workflowId, outcome: state.outcome }).toEqual({ how: 'ended', by, outcome: 'replaced' });
  expect(state.versions.every(({ end }) => end === 'revoked')).toBe(true);
  expect(scenario.working()).toEqual([scenario.engineHolds()]);
}

it('contains with every ordinary activity slot hung', async () => {
  const released = Promise.withResolvers<void>();
  let hung = 0;
  const ordinarySlots = 100; // the default of a worker
  await work(await later(), (activities) => ({
    ...activities,
    'versions.openRotation': async (...args) => {
      const [{ credential }] = args as unknown as [{ credential: string }];
      if (credential === 'openai') return activities['versions.openRotation']?.(...args);
      hung++;
      return released.promise;
    },
  }));
  const names = Array.from({ length: ordinarySlots }, (_, index) => `hung-${index}`);
  const { handle } = await begin();
  const early = (): null => null; // the later code answers nothing in its first millisecond
  await until(async () => (await handle.query(progress).catch(early))?.waiting?.for === 'grace');
  const [leaked] = scenario.working();
  const hanging = await temporal.client.workflow.start('openMany', {
    ...{ workflowId: randomUUID(), taskQueue: taskQueueOf(session.store.installation), args: [names] },
  });
  await until(async () => hung >= ordinarySlots);

  const conducted = await emergency();

  await hanging.terminate();
  released.resolve();
  expectReplaced(conducted, rotationId(session.store.installation, 'openai'));
  expect(scenario.working()).not.toContain(leaked);
});

it('contains beside a parked rotation whose code has changed', async () => {
  await work();
  const { handle } = await begin();
  await until(async () => (await handle.query(progress)).waiting?.for === 'grace');
  await inLaterRun(handle, session.store, 'openai');
  await workers?.stop();
  await work(await later());

  const conducted = await emergency();

  expectReplaced(conducted, containmentId(session.store.installation, 'openai'));
});

it('begins with the worker when none is up, and says that nobody has taken it', async () => {
  const alone = await emergency();

  expect(alone).toMatchObject({ how: 'nobody', state: { workflowId: null, outcome: null } });
  await work();
  const [before] = await session.store.emergencies('openai');
  const again = await emergency();
  expect(again.state.id).toBe(before?.id); // the same one: its clock has run all the time
  expectReplaced(again, rotationId(session.store.installation, 'openai'));
});

it('is done directly although a rotation is in progress, which then loses without undoing anything', async () => {
  await work();
  const { handle } = await begin();
  await until(async () => (await handle.query(progress)).waiting?.for === 'grace');
  await inLaterRun(handle, session.store, 'openai');

  expectReplaced(await emergency(true), 'direct/openai');

  const value = scenario.engineHolds();
  const late = await handle.query(progress);
  expect(late.outcome).toBeNull();
  await hasten(session, handle, { credential: 'openai', actor: 'test', byMs: null });
  await until(async () => (await handle.describe()).status.name !== 'RUNNING');
  expect(scenario.working()).toEqual([value]);
});

it('leaves the version in force alone when only an older one is meant', async () => {
  await work();
  const { handle } = await begin();
  await until(async () => (await handle.query(progress)).waiting?.for === 'grace');
  const inForce = scenario.engineHolds();
  const { store } = session;
  const asked = await store.ask({ credential: 'openai', actor: 'test', reason: 'the old one leaked', versions: [1] });
  const { signal } = new AbortController();

  const { how, state } = await conduct({ session, client: temporal.client, signal, onChange: () => undefined }, asked);

  expect({ how, outcome: state.outcome, rotated: state.rotated }).toEqual({
    how: 'ended',
    outcome: 'retired',
    rotated: null,
  });
  expect(state.versions.map(({ number, refused }) => ({ number, refused }))).toEqual([
    { number: 1, refused: 'proved' },
  ]);
  expect(scenario.working()).toEqual([inForce]);
  expect(scenario.engineHolds()).toBe(inForce);
});
