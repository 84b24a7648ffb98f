import { rotationId } from '../../src/domain/temporal-names.js';
import { ApplicationFailure } from '@temporalio/common';
import type { RotationReport } from '../../src/domain/rotation.js';
import { emergencyRevoke } from '../../workflows/rotation/messages.js';
import { until } from '../support/temporal.js';
import { rejected, type Fixture, startFixture } from './fixture.js';
import { decided } from '../support/decided.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());
beforeEach(() => {
  fixture.calls.length = 0;
  fixture.behave = () => undefined;
});

const hour = 3_600_000;
const confirming = ['write 1', 'accepts 1', 'document 1'];
const replacing = ['create 2', 'write 2', 'accepts 2', 'document 2'];

it('confirms the adopted value, replaces, proves, retires, and says so step by step', async () => {
  const handle = await fixture.rotate('plain');

  const report = await fixture.report(handle);

  expect(report).toEqual({ outcome: 'retired', version: 2, oldCredential: 'refused', orphans: [] });
  expect(fixture.calls).toEqual([
    ...confirming,
    ...replacing,
    'idle 1',
    'disable 1',
    'accepts 2',
    'document 2',
    'destroy 1',
    'refuses 1',
  ]);
  expect((await fixture.progress(handle)).steps.every(({ state }) => state === 'done')).toBe(true);
  expect((await fixture.store.versions('plain')).map(({ state }) => state)).toEqual(['retired', 'current']);
});

it('takes everything back, newest first, when the test document fails, and proves the old value first', async () => {
  fixture.behave = (verb, { number }) => (verb === 'document' && number === 2 ? 'failed' : undefined);
  const handle = await fixture.rotate('failing-document');

  const report = await fixture.report(handle);

  expect(report).toMatchObject({ outcome: 'rolled-back', why: 'Document: the script says failed', orphans: [] });
  expect(fixture.calls).toEqual([...confirming, ...replacing, 'accepts 1', 'restore 2', 'destroy 2', 'refuses 2']);
  expect((await fixture.store.versions('failing-document')).map(({ state }) => state)).toEqual([
    'current',
    'discarded',
  ]);
});

it('undoes a step that may have happened although it failed', async () => {
  fixture.behave = (verb) => {
    if (verb === 'write' && fixture.calls.includes('create 2')) throw rejected();
  };
  const handle = await fixture.rotate('failing-write');

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'rolled-back' });
  expect(fixture.calls.slice(-4)).toEqual(['accepts 1', 'restore 2', 'destroy 2', 'refuses 2']);
});

it('waits out trouble that passes', async () => {
  let down = 1; // the first attempt of one call
  fixture.behave = (verb) => {
    if (verb === 'document' && down-- > 0)
      throw ApplicationFailure.create({ message: 'script answered 503', type: 'Unavailable' });
  };
  const handle = await fixture.rotate('passing');

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
});

it('asks before it retires what is still in use, and goes on when a person skips the question', async () => {
  fixture.behave = (verb) => (verb === 'idle' ? 'failed' : undefined);
  const handle = await fixture.rotate('in-use');
  const { waiting } = await until(async () => {
    const seen = await fixture.progress(handle);
    return seen.waiting && seen;
  });

  expect(waiting).toMatchObject({
    for: 'operator',
    why: 'Idle: the script says failed',
    choices: ['retry', 'roll-back', 'skip', 'abandon'],
  });
  expect(waiting?.impact).toContain('documents use version 2');
  await decided(fixture.store, handle, { actor: 'ada', decision: 'skip', reason: 'it is a backup job' });

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
  const [evidence] = (await fixture.store.evidence({ credential: 'in-use', number: 1 })).filter(
    ({ kind }) => kind === 'idle',
  );
  expect(evidence).toMatchObject({ outcome: 'not-observable', detail: 'accepted by ada: it is a backup job' });
});

it('refuses a decision that is not possible, and says which are', async () => {
  fixture.behave = (verb) => (verb === 'refuses' ? 'failed' : undefined);
  const handle = await fixture.rotate('past-no-return');
  await until(async () => (await fixture.progress(handle)).waiting?.why.startsWith('Refused'));

  const back = decided(fixture.store, handle, { actor: 'ada', decision: 'roll-back', reason: 'too late' });

  await expect(back).rejects.toMatchObject({
    cause: { message: expect.stringContaining('retry, skip, abandon') as string },
  });
  fixture.behave = () => undefined;
  await decided(fixture.store, handle, { actor: 'ada', decision: 'retry', reason: 'it is off now' });
  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired', oldCredential: 'refused' });
});

it('keeps the old value through the grace, which can be extended and ended', async () => {
  const handle = await fixture.rotate('grace', { graceMs: 1_800_000 });
  const first = await until(async () => (await fixture.progress(handle)).waiting?.until);

  await fixture.hasten(handle, { credential: 'grace', actor: 'ada', byMs: 600_000 });
  const second = await until(async () => {
    const seen = (await fixture.progress(handle)).waiting?.until;
    return seen !== first && seen;
  });
  await fixture.hasten(handle, { credential: 'grace', actor: 'ben', byMs: null });

  expect(second - first).toBe(600_000);
  expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
  const told = (await fixture.store.ledger({ credential: 'grace' })).filter(({ event }) => event === 'decided');
  expect(told).toMatchObject([
    { actor: 'ada', outcome: 'extend-grace', detail: 'the wait lasts 10 minutes longer' },
    { actor: 'ben', outcome: 'end-grace' },
  ]);
  expect(fixture.calls.slice(7, 10)).toEqual(['accepts 2', 'document 2', 'idle 1']); // the proof is taken afresh after the grace
});

it('goes on in a new run before a long grace and repeats nothing there', async () => {
  const handle = await fixture.rotate('long-grace', { graceMs: 48 * hour });
  const latest = fixture.temporal.client.workflow.getHandle(rotationId(fixture.store.installation, 'long-grace'));
  const { runId } = await handle.describe();
  await until(async () => (await latest.describe()).runId !== runId);
  await until(async () => (await fixture.progress(latest)).waiting);

  await fixture.hasten(latest, { credential: 'long-grace', actor: 'ada', byMs: null });

  expect(await fixture.report(latest)).toMatchObject({ outcome: 'retired', version: 2 });
  expect(fixture.calls.filter((call) => call === 'create 2' || call === 'write 1')).toHaveLength(2);
});

it('rolls back from the grace when a person asks for it', async () => {
  const handle = await fixture.rotate('regret', { graceMs: 1_800_000 });
  await until(async () => (await fixture.progress(handle)).waiting);

  await decided(fixture.store, handle, { actor: 'ada', decision: 'roll-back', reason: 'the bill doubled' });

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'rolled-back', why: 'ada: the bill doubled' });
  expect(fixture.calls.slice(-4)).toEqual(['accepts 1', 'restore 2', 'destroy 2', 'refuses 2']);
  expect((await fixture.store.versions('regret')).map(({ state }) => state)).toEqual(['current', 'discarded']);
});

it('keeps the new value when the old one turns out to be dead', async () => {
  const handle = await fixture.rotate('dead-end', { graceMs: 1_800_000 });
  await until(async () => (await fixture.progress(handle)).waiting);
  fixture.behave = (verb, { number }) => (verb === 'accepts' && number === 1 ? 'failed' : undefined);

  await decided(fixture.store, handle, { actor: 'ada', decision: 'roll-back', reason: 'a try' });
  await until(async () => (await fixture.progress(handle)).waiting?.why.startsWith('Version 1 still works'));
  await decided(fixture.store, handle, { actor: 'ada', decision: 'abandon', reason: 'the new one stays' });

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'abandoned' });
  expect(fixture.calls).not.toContain('restore 2');
  expect((await fixture.store.versions('dead-end')).find(({ number }) => number === 2)?.state).toBe('current');
});

it('stops without undoing anything when another writer has taken over', async () => {
  fixture.behave = (verb) => {
    if (verb === 'write' && fixture.calls.includes('create 2'))
      throw ApplicationFailure.nonRetryable('fence 1 is closed', 'FenceLost');
  };
  const handle = await fixture.rotate('fenced-off');

  expect(await fixture.report(handle)).toMatchObject({ outcome: 'failed' });
  expect(fixture.calls.at(-1)).toBe('write 2');
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
    fixture.behave = async (verb, { number }) => {
      if (`${verb} ${number}` !== call || !once) return;
      once = false;
      reached.resolve();
      await struck.promise;
    };
    const handle = await fixture.rotate(credential, policy);
    await reached.promise;
    await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });
    await until(async () => (await fixture.progress(handle)).phase === 'contain');
    struck.resolve();
    return fixture.report(handle);
  }

  it.each(['write 1', 'create 2', 'write 2', 'document 2', 'disable 1', 'destroy 1'])(
    'contains every version and replaces them when it strikes during "%s"',
    async (call) => {
      const credential = `struck-${call.replace(' ', '-')}`;

      const report = await strikeDuring(call, credential);

      expect(report.outcome).toBe('replaced');
      const versions = await fixture.store.versions(credential);
      const earlier = versions.filter(({ number }) => number < report.version);
      expect(
        earlier.every(({ state, compromised, number }) => contained.includes(state) && (compromised || number > 1)),
      ).toBe(true);
      expect(versions.find(({ number }) => number === report.version)?.state).toBe('current');
      expect(fixture.calls).toContain('destroy 1');
      expect(fixture.calls).toContain('refuses 1');
      expect(fixture.calls).not.toContain('restore 2');
    },
  );

  it('does not wait for the grace, and asks nothing', async () => {
    fixture.behave = (verb) => (verb === 'idle' ? 'failed' : undefined);
    const handle = await fixture.rotate('struck-in-grace', { graceMs: 48 * hour });
    const latest = fixture.temporal.client.workflow.getHandle(
      rotationId(fixture.store.installation, 'struck-in-grace'),
    );
    await until(async () => (await fixture.progress(handle)).waiting);

    await latest.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });

    expect(await fixture.report(latest)).toMatchObject({ outcome: 'replaced', version: 3, oldCredential: 'refused' });
    expect((await fixture.store.versions('struck-in-grace')).map(({ state }) => state)).toEqual([
      'retired',
      'retired',
      'current',
    ]);
  });
});
