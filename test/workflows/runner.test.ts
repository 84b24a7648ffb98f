import { rotationId } from '../../src/domain/temporal-names.js';
import { ApplicationFailure } from '@temporalio/common';
import type { RotationReport } from '../../src/domain/rotation.js';
import { completeTask, emergencyRevoke } from '../../workflows/rotation/messages.js';
import { until } from '../support/temporal.js';
import { rejected, type Stage, startStage } from './stage.js';
import { decided } from '../support/decided.js';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(() => stage.stop());
beforeEach(() => {
  stage.calls.length = 0;
  stage.behave = () => undefined;
});

const hour = 3_600_000;
const confirming = ['write 1', 'accepts 1', 'document 1'];
const replacing = ['create 2', 'write 2', 'accepts 2', 'document 2'];

it('confirms the adopted value, replaces, proves, retires, and says so step by step', async () => {
  const handle = await stage.rotate('plain');

  const report = await stage.report(handle);

  expect(report).toEqual({ outcome: 'retired', version: 2, oldCredential: 'refused', leftOver: [] });
  expect(stage.calls).toEqual([
    ...confirming,
    ...replacing,
    'idle 1',
    'disable 1',
    'accepts 2',
    'document 2',
    'destroy 1',
    'refuses 1',
  ]);
  expect((await stage.progress(handle)).steps.every(({ state }) => state === 'done')).toBe(true);
  expect((await stage.store.versions('plain')).map(({ state }) => state)).toEqual(['retired', 'current']);
});

it('takes everything back, newest first, when the test document fails, and proves the old value first', async () => {
  stage.behave = (verb, { number }) => (verb === 'document' && number === 2 ? 'failed' : undefined);
  const handle = await stage.rotate('failing-document');

  const report = await stage.report(handle);

  expect(report).toMatchObject({ outcome: 'rolled-back', why: 'Document: the script says failed', leftOver: [] });
  expect(stage.calls).toEqual([...confirming, ...replacing, 'accepts 1', 'restore 2', 'destroy 2', 'refuses 2']);
  expect((await stage.store.versions('failing-document')).map(({ state }) => state)).toEqual(['current', 'discarded']);
});

it('undoes a step that may have happened although it failed', async () => {
  stage.behave = (verb) => {
    if (verb === 'write' && stage.calls.includes('create 2')) throw rejected();
  };
  const handle = await stage.rotate('failing-write');

  expect(await stage.report(handle)).toMatchObject({ outcome: 'rolled-back' });
  expect(stage.calls.slice(-4)).toEqual(['accepts 1', 'restore 2', 'destroy 2', 'refuses 2']);
});

it('waits out trouble that passes', async () => {
  let down = 1; // the first attempt of one call
  stage.behave = (verb) => {
    if (verb === 'document' && down-- > 0)
      throw ApplicationFailure.create({ message: 'script answered 503', type: 'Unavailable' });
  };
  const handle = await stage.rotate('passing');

  expect(await stage.report(handle)).toMatchObject({ outcome: 'retired' });
});

it('asks before it retires what is still in use, and goes on when a person skips the question', async () => {
  stage.behave = (verb) => (verb === 'idle' ? 'failed' : undefined);
  const handle = await stage.rotate('in-use');
  const { waiting } = await until(async () => {
    const seen = await stage.progress(handle);
    return seen.waiting && seen;
  });

  expect(waiting).toMatchObject({
    for: 'operator',
    why: 'Idle: the script says failed',
    choices: ['retry', 'roll-back', 'skip', 'abandon'],
  });
  expect(waiting?.impact).toContain('documents use version 2');
  await decided(stage.store, handle, { actor: 'ada', decision: 'skip', reason: 'it is a backup job' });

  expect(await stage.report(handle)).toMatchObject({ outcome: 'retired' });
  const [evidence] = (await stage.store.evidence({ credential: 'in-use', number: 1 })).filter(
    ({ kind }) => kind === 'idle',
  );
  expect(evidence).toMatchObject({ outcome: 'not-observable', detail: 'accepted by ada: it is a backup job' });
});

it('refuses a decision that is not possible, and says which are', async () => {
  stage.behave = (verb) => (verb === 'refuses' ? 'failed' : undefined);
  const handle = await stage.rotate('past-no-return');
  await until(async () => (await stage.progress(handle)).waiting?.why.startsWith('Refused'));

  const back = decided(stage.store, handle, { actor: 'ada', decision: 'roll-back', reason: 'too late' });

  await expect(back).rejects.toMatchObject({
    cause: { message: expect.stringContaining('retry, skip, abandon') as string },
  });
  stage.behave = () => undefined;
  await decided(stage.store, handle, { actor: 'ada', decision: 'retry', reason: 'it is off now' });
  expect(await stage.report(handle)).toMatchObject({ outcome: 'retired', oldCredential: 'refused' });
});

it('keeps the old value through the grace, which can be extended and ended', async () => {
  const handle = await stage.rotate('grace', { graceMs: 1_800_000 });
  const first = await until(async () => (await stage.progress(handle)).waiting?.until);

  await stage.hasten(handle, { credential: 'grace', actor: 'ada', byMs: 600_000 });
  const second = await until(async () => {
    const seen = (await stage.progress(handle)).waiting?.until;
    return seen !== first && seen;
  });
  await stage.hasten(handle, { credential: 'grace', actor: 'ben', byMs: null });

  expect(second - first).toBe(600_000);
  expect(await stage.report(handle)).toMatchObject({ outcome: 'retired' });
  const told = (await stage.store.ledger({ credential: 'grace' })).filter(({ event }) => event === 'decided');
  expect(told).toMatchObject([
    { actor: 'ada', outcome: 'extend-grace', detail: 'waited for 10 minutes longer' },
    { actor: 'ben', outcome: 'retire-now' },
  ]);
  expect(stage.calls.slice(7, 10)).toEqual(['accepts 2', 'document 2', 'idle 1']); // the proof is taken afresh after the grace
});

it('goes on in a new run before a long grace and repeats nothing there', async () => {
  const handle = await stage.rotate('long-grace', { graceMs: 48 * hour });
  const latest = stage.temporal.client.workflow.getHandle(rotationId(stage.store.installation, 'long-grace'));
  const { runId } = await handle.describe();
  await until(async () => (await latest.describe()).runId !== runId);
  await until(async () => (await stage.progress(latest)).waiting);

  await stage.hasten(latest, { credential: 'long-grace', actor: 'ada', byMs: null });

  expect(await stage.report(latest)).toMatchObject({ outcome: 'retired', version: 2 });
  expect(stage.calls.filter((call) => call === 'create 2' || call === 'write 1')).toHaveLength(2);
});

it('rolls back from the grace when a person asks for it', async () => {
  const handle = await stage.rotate('regret', { graceMs: 1_800_000 });
  await until(async () => (await stage.progress(handle)).waiting);

  await decided(stage.store, handle, { actor: 'ada', decision: 'roll-back', reason: 'the bill doubled' });

  expect(await stage.report(handle)).toMatchObject({ outcome: 'rolled-back', why: 'ada: the bill doubled' });
  expect(stage.calls.slice(-4)).toEqual(['accepts 1', 'restore 2', 'destroy 2', 'refuses 2']);
  expect((await stage.store.versions('regret')).map(({ state }) => state)).toEqual(['current', 'discarded']);
});

it('keeps the new value when the old one turns out to be dead', async () => {
  const handle = await stage.rotate('dead-end', { graceMs: 1_800_000 });
  await until(async () => (await stage.progress(handle)).waiting);
  stage.behave = (verb, { number }) => (verb === 'accepts' && number === 1 ? 'failed' : undefined);

  await decided(stage.store, handle, { actor: 'ada', decision: 'roll-back', reason: 'a try' });
  await until(async () => (await stage.progress(handle)).waiting?.why.startsWith('Version 1 still works'));
  await decided(stage.store, handle, { actor: 'ada', decision: 'abandon', reason: 'the new one stays' });

  expect(await stage.report(handle)).toMatchObject({ outcome: 'abandoned' });
  expect(stage.calls).not.toContain('restore 2');
  expect((await stage.store.versions('dead-end')).find(({ number }) => number === 2)?.state).toBe('current');
});

it('stops without undoing anything when another writer has taken over', async () => {
  stage.behave = (verb) => {
    if (verb === 'write' && stage.calls.includes('create 2'))
      throw ApplicationFailure.nonRetryable('fence 1 is closed', 'FenceLost');
  };
  const handle = await stage.rotate('fenced-off');

  expect(await stage.report(handle)).toMatchObject({ outcome: 'failed' });
  expect(stage.calls.at(-1)).toBe('write 2');
});

it('waits for a person to do a task, and goes on when they say it is done', async () => {
  const handle = await stage.rotate('assisted', {}, 'rotateAssisted');
  const { waiting } = await until(async () => {
    const seen = await stage.progress(handle);
    return seen.waiting && seen;
  });

  expect(waiting).toMatchObject({ for: 'operator', why: 'Give consent', choices: ['roll-back', 'abandon'] });
  const wrong = handle.executeUpdate(completeTask, { args: [{ actor: 'ada', title: 'Something else' }] });
  await expect(wrong).rejects.toMatchObject({ cause: { message: 'the rotation is not waiting for "Something else"' } });
  expect(stage.calls).not.toContain('create 2');

  await handle.executeUpdate(completeTask, { args: [{ actor: 'ada', title: 'Give consent' }] });
  expect(await stage.report(handle)).toMatchObject({ outcome: 'retired' });
});

describe('an emergency', () => {
  const contained = ['retired', 'discarded'];

  /** Sends the signal the moment a scripted call is in progress, and lets that call end only afterwards. */
  async function strikeDuring(
    call: string,
    credential: string,
    policy: { graceMs?: number } = {},
  ): Promise<RotationReport> {
    const struck = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    let once = true;
    stage.behave = async (verb, { number }) => {
      if (`${verb} ${number}` !== call || !once) return;
      once = false;
      reached.resolve();
      await struck.promise;
    };
    const handle = await stage.rotate(credential, policy);
    await reached.promise;
    await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });
    await until(async () => (await stage.progress(handle)).phase === 'contain');
    struck.resolve();
    return stage.report(handle);
  }

  it.each(['write 1', 'create 2', 'write 2', 'document 2', 'disable 1', 'destroy 1'])(
    'contains every version and replaces them when it strikes during "%s"',
    async (call) => {
      const credential = `struck-${call.replace(' ', '-')}`;

      const report = await strikeDuring(call, credential);

      expect(report.outcome).toBe('replaced');
      const versions = await stage.store.versions(credential);
      const earlier = versions.filter(({ number }) => number < report.version);
      expect(
        earlier.every(({ state, compromised, number }) => contained.includes(state) && (compromised || number > 1)),
      ).toBe(true);
      expect(versions.find(({ number }) => number === report.version)?.state).toBe('current');
      expect(stage.calls).toContain('destroy 1');
      expect(stage.calls).toContain('refuses 1');
      expect(stage.calls).not.toContain('restore 2');
    },
  );

  it('does not wait for the grace, and asks nothing', async () => {
    stage.behave = (verb) => (verb === 'idle' ? 'failed' : undefined);
    const handle = await stage.rotate('struck-in-grace', { graceMs: 48 * hour });
    const latest = stage.temporal.client.workflow.getHandle(rotationId(stage.store.installation, 'struck-in-grace'));
    await until(async () => (await stage.progress(handle)).waiting);

    await latest.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });

    expect(await stage.report(latest)).toMatchObject({ outcome: 'replaced', version: 3, oldCredential: 'refused' });
    expect((await stage.store.versions('struck-in-grace')).map(({ state }) => state)).toEqual([
      'retired',
      'retired',
      'current',
    ]);
  });
});
