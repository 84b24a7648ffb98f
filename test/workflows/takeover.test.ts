import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { emergencyRevoke } from '../../workflows/rotation/messages.js';
import type { Store } from '../../src/store/store.js';
import { until } from '../support/temporal.js';
import { rejected, type Fixture, startFixture } from './fixture.js';
import { decided } from '../support/decided.js';

// What the crash matrix found: where an emergency or a person comes in between the runner's own steps.
let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());
beforeEach(() => {
  fixture.calls.length = 0;
  fixture.behave = () => undefined;
});

/** Holds the first call of a store's method back until the emergency was sent. */
async function strikeDuring(method: 'promote' | 'close', credential: string): Promise<WorkflowHandle> {
  const [reached, struck] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const real = Reflect.get(fixture.store, method) as (...args: unknown[]) => Promise<void>;
  Object.assign(fixture.store, {
    async [method](...args: unknown[]) {
      Object.assign(fixture.store, { [method]: real });
      reached.resolve();
      await struck.promise;
      return real(...args);
    },
  });
  const handle = await fixture.rotate(credential);
  await reached.promise;
  await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });
  struck.resolve();
  return handle;
}

function answer(handle: WorkflowHandle, decision: 'skip' | 'abandon'): Promise<void> {
  return decided(fixture.store, handle, { actor: 'ada', decision, reason: 'a test' });
}

async function asked(handle: WorkflowHandle, about: string): Promise<void> {
  await until(async () => {
    const { waiting } = await fixture.progress(handle);
    return waiting?.for === 'operator' && waiting.why.includes(about);
  });
}

it('asks nothing when an emergency strikes while the new version is put in force', async () => {
  fixture.behave = (verb) => (verb === 'idle' ? 'failed' : undefined);

  const handle = await strikeDuring('promote', 'struck-at-promote');

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'replaced' });
  const versions = await fixture.store.versions('struck-at-promote');
  expect(versions.filter(({ state }) => state === 'current')).toHaveLength(1);
  expect(versions.filter(({ compromised, state }) => compromised && state === 'current')).toEqual([]);
});

it('hears an emergency that is asked for while the rotation is closed', async () => {
  const handle = await strikeDuring('close', 'struck-at-close');

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'replaced', version: 3 });
  expect((await fixture.store.versions('struck-at-close')).map(({ state }) => state)).toEqual([
    'retired',
    'retired',
    'current',
  ]);
});

it.each(['before', 'after'] as const)(
  'goes first when it has taken the credential over %s the rotation is opened, whose answer comes later',
  async (moment) => {
    const credential = `struck-${moment}-open`;
    const real = { ...fixture.store };
    const [reached, seized] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    Object.assign(fixture.store, {
      async open(...args: Parameters<Store['open']>) {
        const opened = moment === 'after' ? await real.open(...args) : null;
        reached.resolve();
        await seized.promise;
        return opened ?? real.open(...args);
      },
      seize: (...args: Parameters<Store['seize']>) => real.seize(...args).finally(seized.resolve),
    });

    const handle = await fixture.rotate(credential);
    await reached.promise;
    await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });

    expect(await fixture.report(handle)).toMatchObject({ outcome: 'replaced' });
    Object.assign(fixture.store, real);
    const states = (await fixture.store.versions(credential)).map(({ state }) => state);
    expect([states[0], states.at(-1)]).toEqual(['retired', 'current']);
  },
);

it('asks nothing when it strikes during a step of a roll back, which fails afterwards', async () => {
  const [reached, struck] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  fixture.behave = async (verb, { number }) => {
    if (verb === 'document' && number === 2) return 'failed';
    if (verb !== 'restore') return;
    reached.resolve();
    await struck.promise;
    throw ApplicationFailure.nonRetryable('no earlier value is known', 'NeedsDecision');
  };
  const handle = await fixture.rotate('struck-in-a-roll-back');
  await reached.promise;

  await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });
  await until(async () => fixture.calls.includes('destroy 1')); // it contains what is known, and then waits for the step
  struck.resolve();

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'replaced' });
});

it('ends when a containment is given up, and lists what lives on', async () => {
  const handle = await fixture.rotate('given-up', { graceMs: 3_600_000 });
  await until(async () => (await fixture.progress(handle)).waiting?.for === 'grace');
  fixture.behave = (verb) => (verb === 'refuses' ? 'failed' : undefined);

  await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });
  await asked(handle, 'Refused');
  await answer(handle, 'abandon');

  const report = await fixture.report(handle);
  expect(report.outcome).toBe('abandoned');
  expect(report.orphans.join()).toContain('version 1 is retiring');
});

it('lists a half-made value whose deletion a person skipped', async () => {
  fixture.behave = (verb, { number }) => {
    if (verb === 'document' && number === 2) return 'failed';
    if (verb === 'destroy') throw rejected();
  };
  const handle = await fixture.rotate('skipped-deletion');
  await asked(handle, 'Undo: Create');

  await answer(handle, 'skip');

  const report = await fixture.report(handle);
  expect(report.outcome).toBe('rolled-back');
  expect(report.orphans.join()).toContain('version 2 is discarding');
});
