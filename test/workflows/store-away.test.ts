import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import type { Store } from '../../src/store/store.js';
import { emergencyRevoke } from '../../workflows/rotation/messages.js';
import { until } from '../support/temporal.js';
import { type Stage, startStage } from './stage.js';
import { decided } from '../support/decided.js';

// A store that cannot be reached ends no rotation: it says that it waits, and goes on when the store is back.
let stage: Stage;
let real: Store;
beforeAll(async () => {
  stage = await startStage();
  real = { ...stage.store };
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.calls.length = 0;
  stage.behave = () => undefined;
});
afterEach(() => back());

function away(...methods: readonly (keyof Store)[]): void {
  const refuse = () => {
    throw ApplicationFailure.create({ message: 'the store is away', type: 'Unavailable', nextRetryDelay: 1 });
  };
  Object.assign(stage.store, Object.fromEntries(methods.map((method) => [method, refuse])));
}

function back(): void {
  Object.assign(stage.store, real);
}

async function waits(handle: WorkflowHandle, title: string) {
  return until(async () => {
    const { waiting } = await stage.progress(handle);
    return waiting?.for === 'operator' && waiting.why.startsWith(`${title}: the store is away`) && waiting;
  });
}

async function asked(handle: WorkflowHandle): Promise<void> {
  await decided(stage.store, handle, { actor: 'ada', decision: 'retry', reason: 'it is back' });
}

const openRows = async (credential: string) =>
  (await real.rotations(credential)).filter(({ closedAt }) => closedAt === null);

it('opens a rotation when the store is back', async () => {
  away('open');
  const handle = await stage.rotate('away-at-open');

  expect(await waits(handle, 'Open the rotation')).toMatchObject({ choices: ['retry'] });
  back();
  await asked(handle);

  expect(await stage.report(handle)).toMatchObject({ outcome: 'retired', leftOver: [] });
});

it('closes it when the store is back, and never ends before', async () => {
  away('close');
  const handle = await stage.rotate('away-at-close');

  await waits(handle, 'Close the rotation');
  expect((await handle.describe()).status.name).toBe('RUNNING');
  back();
  await asked(handle);

  expect(await stage.report(handle)).toMatchObject({ outcome: 'retired', leftOver: [] });
  expect(await openRows('away-at-close')).toEqual([]);
});

it('takes a decision that the store cannot take yet', async () => {
  stage.behave = (verb) => (verb === 'idle' ? 'failed' : undefined);
  const handle = await stage.rotate('away-at-decision');
  await until(async () => (await stage.progress(handle)).waiting?.why.startsWith('Idle'));
  away('record');

  await decided(stage.store, handle, { actor: 'ada', decision: 'skip', reason: 'a reason' });
  await waits(handle, 'Record the decision: skip');
  back();
  await asked(handle);

  expect(await stage.report(handle)).toMatchObject({ outcome: 'retired' });
});

it('says in an emergency what can be done without the store, and contains as soon as it is back', async () => {
  const handle = await stage.rotate('away-at-seizure', { graceMs: 3_600_000 });
  await until(async () => (await stage.progress(handle)).waiting?.for === 'grace');
  away('seize');

  await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });
  const waiting = await waits(handle, 'Close the fence');
  expect(waiting.why).toContain('keyturn emergency away-at-seizure --direct');
  back();
  await asked(handle);

  expect(await stage.report(handle)).toMatchObject({ outcome: 'replaced' });
});

it('goes first when an emergency comes while a rotation waits to be closed', async () => {
  away('close');
  const handle = await stage.rotate('away-and-struck');
  await waits(handle, 'Close the rotation');
  back();

  await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });

  expect(await stage.report(handle)).toMatchObject({ outcome: 'replaced' });
  expect(await openRows('away-and-struck')).toEqual([]);
});

it('takes back and closes what a cancelled workflow has begun', async () => {
  const handle = await stage.rotate('cancelled', { graceMs: 3_600_000 });
  await until(async () => (await stage.progress(handle)).waiting?.for === 'grace');

  await handle.cancel();

  expect(await stage.report(handle)).toMatchObject({ outcome: 'rolled-back', why: 'the workflow was cancelled' });
  expect(await openRows('cancelled')).toEqual([]);
});
