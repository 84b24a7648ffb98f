import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import type { Store } from '../../src/store/store.js';
import { emergencyRevoke } from '../../workflows/rotation/messages.js';
import { until } from '../support/temporal.js';
import { type Fixture, startFixture } from './fixture.js';
import { decided } from '../support/decided.js';

// A store that cannot be reached ends no rotation: it says that it waits, and goes on when the store is back.
let fixture: Fixture;
let real: Store;
beforeAll(async () => {
  fixture = await startFixture();
  real = { ...fixture.store };
});
afterAll(() => fixture.stop());
beforeEach(() => {
  fixture.calls.length = 0;
  fixture.behave = () => undefined;
});
afterEach(() => back());

function away(...methods: readonly (keyof Store)[]): void {
  const refuse = () => {
    throw ApplicationFailure.create({ message: 'the store is away', type: 'Unavailable', nextRetryDelay: 1 });
  };
  Object.assign(fixture.store, Object.fromEntries(methods.map((method) => [method, refuse])));
}

function back(): void {
  Object.assign(fixture.store, real);
}

async function waits(handle: WorkflowHandle, title: string) {
  return until(async () => {
    const { waiting } = await fixture.progress(handle);
    return waiting?.for === 'operator' && waiting.why.startsWith(`${title}: the store is away`) && waiting;
  });
}

async function asked(handle: WorkflowHandle): Promise<void> {
  await decided(fixture.store, handle, { actor: 'ada', decision: 'retry', reason: 'it is back' });
}

const openRows = async (credential: string) =>
  (await real.rotations(credential)).filter(({ closedAt }) => closedAt === null);

it('opens a rotation when the store is back', async () => {
  away('open');
  const handle = await fixture.rotate('away-at-open');

  expect(await waits(handle, 'Open the rotation')).toMatchObject({ choices: ['retry'] });
  back();
  await asked(handle);

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired', orphans: [] });
});

it('closes it when the store is back, and never ends before', async () => {
  away('close');
  const handle = await fixture.rotate('away-at-close');

  await waits(handle, 'Close the rotation');
  expect((await handle.describe()).status.name).toBe('RUNNING');
  back();
  await asked(handle);

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired', orphans: [] });
  expect(await openRows('away-at-close')).toEqual([]);
});

it('takes a decision that the store cannot take yet', async () => {
  fixture.behave = (verb) => (verb === 'idle' ? 'failed' : undefined);
  const handle = await fixture.rotate('away-at-decision');
  await until(async () => (await fixture.progress(handle)).waiting?.why.startsWith('Idle'));
  away('record');

  await decided(fixture.store, handle, { actor: 'ada', decision: 'skip', reason: 'a reason' });
  await waits(handle, 'Record the decision: skip');
  back();
  await asked(handle);

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
});

it('says in an emergency what can be done without the store, and contains as soon as it is back', async () => {
  const handle = await fixture.rotate('away-at-seizure', { graceMs: 3_600_000 });
  await until(async () => (await fixture.progress(handle)).waiting?.for === 'grace');
  away('seize');

  await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });
  const waiting = await waits(handle, 'Close the fence');
  expect(waiting.why).toContain('keyturn emergency away-at-seizure --direct');
  back();
  await asked(handle);

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'replaced' });
});

it('goes first when an emergency comes while a rotation waits to be closed', async () => {
  away('close');
  const handle = await fixture.rotate('away-and-struck');
  await waits(handle, 'Close the rotation');
  back();

  await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'replaced' });
  expect(await openRows('away-and-struck')).toEqual([]);
});

it('takes back and closes what a cancelled workflow has begun', async () => {
  const handle = await fixture.rotate('cancelled', { graceMs: 3_600_000 });
  await until(async () => (await fixture.progress(handle)).waiting?.for === 'grace');

  await handle.cancel();

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'rolled-back', why: 'the workflow was cancelled' });
  expect(await openRows('cancelled')).toEqual([]);
});
