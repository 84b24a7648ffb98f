import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Decision, Waiting } from '../../src/domain/rotation.js';
import { decide } from '../../workflows/rotation/messages.js';
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

/** Waits before the point of no return: the old value is found in use when the new one is in force already. */
async function stuckBefore(credential: string): Promise<WorkflowHandle> {
  fixture.behave = (verb) => (verb === 'idle' ? 'failed' : undefined);
  return fixture.rotate(credential);
}

/** Waits past it: the old value is deleted, and not refused. */
async function stuckAfter(credential: string): Promise<WorkflowHandle> {
  fixture.behave = (verb) => (verb === 'refuses' ? 'failed' : undefined);
  return fixture.rotate(credential);
}

/** Waits with nothing in force yet: the engine does not take the value, and the policy is patient. */
async function stuckForward(credential: string): Promise<WorkflowHandle> {
  fixture.behave = (verb, { number }) => {
    if (verb === 'write' && number === 2) throw new Error('the script is away');
  };
  return fixture.rotate(credential, { giveUpAfterMs: hour });
}

/** The first question; the procedure's own pause is none. */
async function asked(handle: WorkflowHandle): Promise<Waiting> {
  return until(async () => {
    const { waiting } = await fixture.progress(handle);
    return waiting?.for === 'grace' ? null : waiting;
  });
}

async function answer(handle: WorkflowHandle, decision: Decision): Promise<void> {
  await asked(handle);
  fixture.behave = () => undefined;
  await decided(fixture.store, handle, { actor: 'ada', decision, reason: 'a reason' });
}

const states = async (credential: string) => (await fixture.store.versions(credential)).map(({ state }) => state);

async function recorded(credential: string) {
  const entries = await fixture.store.ledger({ credential });
  return entries
    .filter(({ event }) => event === 'decided')
    .map(({ actor, outcome, detail }) => ({ actor, outcome, detail }));
}

describe('Whoever has to decide is told', () => {
  it('what happens by itself while nothing is in force yet', async () => {
    const handle = await stuckForward('told-forward');

    const waiting = await asked(handle);

    expect(waiting).toMatchObject({
      for: 'retry',
      choices: ['retry', 'roll-back', 'skip', 'abandon'],
      then: 'the step is tried again',
      impact: 'none: documents use version 1 or 2, and both work',
      live: ['version 1: in force in the store', 'version 2: begun, and can be taken back: "Create", "Write"'],
      effects: {
        retry: 'tries "Write" again now',
        'roll-back': 'takes "Write" back, takes "Create" back, discards version 2; then documents use version 1',
        skip: expect.stringContaining('goes on without "Write", on your word in the ledger') as string,
        abandon: expect.stringContaining('nothing is taken back') as string,
      },
    });
    expect(waiting.until).toBeGreaterThan(Date.now());
    await answer(handle, 'roll-back');
    await fixture.report(handle);
  });

  it('that nothing is taken back by itself once the new value is in force', async () => {
    const handle = await stuckBefore('told-before');

    const waiting = await asked(handle);

    expect(waiting).toMatchObject({
      for: 'operator',
      why: 'Idle: the script says failed',
      impact: 'none: documents use version 2, and version 1 still works',
      live: ['version 1: replaced, and still usable', 'version 2: in force'],
      effects: {
        'roll-back': expect.stringContaining('puts version 1 in force again, takes "Write" back') as string,
      },
    });
    expect(waiting).not.toHaveProperty('until');
    await answer(handle, 'retry');
    await fixture.report(handle);
  });

  it('that the old value may be gone past the point of no return', async () => {
    const handle = await stuckAfter('told-after');

    expect(await asked(handle)).toMatchObject({
      for: 'operator',
      choices: ['retry', 'skip', 'abandon'],
      impact: 'none: documents use version 2',
      live: ['version 1: being retired, perhaps refused already', 'version 2: in force'],
    });
    await answer(handle, 'retry');
    await fixture.report(handle);
  });
});

describe('retry', () => {
  it.each([
    ['while nothing is in force', stuckForward],
    ['before the point of no return', stuckBefore],
    ['past the point of no return', stuckAfter],
  ])('takes the step again %s', async (when, stuck) => {
    const credential = `retry-${when.replaceAll(' ', '-')}`;
    const handle = await stuck(credential);

    await answer(handle, 'retry');

    expect(await fixture.report(handle)).toEqual({
      outcome: 'retired',
      version: 2,
      oldCredential: 'refused',
      orphans: [],
    });
    expect(await states(credential)).toEqual(['retired', 'current']);
    expect(await recorded(credential)).toEqual([{ actor: 'ada', outcome: 'retry', detail: 'a reason' }]);
  });

  it('takes a proof anew that became too old, however often that happened before', async () => {
    let [refusals, proofs] = [0, 0];
    fixture.behave = (verb, { number }) => {
      if (verb === 'document' && number === 2) proofs++;
      if (verb !== 'destroy' || number !== 1 || refusals++ > 3) return;
      throw ApplicationFailure.nonRetryable('the proof is too old', 'StaleProof');
    };
    const handle = await fixture.rotate('retry-stale');
    await until(async () => (await fixture.progress(handle)).waiting?.why.includes('too old'));
    const before = proofs;

    await decided(fixture.store, handle, { actor: 'ada', decision: 'retry', reason: 'a reason' });

    expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
    expect(proofs).toBeGreaterThan(before);
  });
});

describe('skip', () => {
  it('counts as the answer to a question before the point of no return', async () => {
    const handle = await stuckBefore('skip-before');

    await answer(handle, 'skip');

    expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired', oldCredential: 'refused', orphans: [] });
    const [idle] = (await fixture.store.evidence({ credential: 'skip-before', number: 1 })).filter(
      ({ kind }) => kind === 'idle',
    );
    expect(idle).toMatchObject({ outcome: 'not-observable', detail: 'accepted by ada: a reason' });
  });

  it('leaves a refusal that could not be shown as the word of a person', async () => {
    const handle = await stuckAfter('skip-after');

    await answer(handle, 'skip');

    expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired', oldCredential: 'attested', orphans: [] });
    expect((await fixture.store.versions('skip-after'))[0]).toMatchObject({ state: 'retired', endProof: 'attested' });
    expect(await recorded('skip-after')).toEqual([{ actor: 'ada', outcome: 'skip', detail: 'a reason' }]);
  });
});

describe('roll-back', () => {
  it.each([
    ['while nothing is in force', stuckForward],
    ['before the point of no return', stuckBefore],
  ])('takes everything back %s', async (when, stuck) => {
    const credential = `back-${when.replaceAll(' ', '-')}`;
    const handle = await stuck(credential);

    await answer(handle, 'roll-back');

    expect(await fixture.report(handle)).toMatchObject({ outcome: 'rolled-back', why: 'ada: a reason', orphans: [] });
    expect(fixture.calls.slice(-4)).toEqual(['accepts 1', 'restore 2', 'destroy 2', 'refuses 2']);
    expect(await states(credential)).toEqual(['current', 'discarded']);
  });

  it('does not believe a deletion that was only said to have happened', async () => {
    const handle = await stuckForward('back-falseSuccess');
    await asked(handle);
    fixture.behave = (verb, { number }) => (verb === 'refuses' && number === 2 ? 'failed' : undefined);

    await decided(fixture.store, handle, { actor: 'ada', decision: 'roll-back', reason: 'a reason' });
    await until(
      async () => (await fixture.progress(handle)).waiting?.why === 'Version 2 is refused: the script says failed',
    );
    await decided(fixture.store, handle, { actor: 'ada', decision: 'abandon', reason: 'a reason' });

    expect(await fixture.report(handle)).toMatchObject({
      outcome: 'abandoned',
      orphans: ['version 2 is discarding (script/2)'],
    });
  });

  it('proves the way back again before a step that failed is tried again: it may be gone by now', async () => {
    fixture.behave = (verb, { number }) => {
      if (verb === 'restore') throw ApplicationFailure.nonRetryable('the script says no', 'Rejected');
      return verb === 'document' && number === 2 ? 'failed' : undefined;
    };
    const handle = await fixture.rotate('back-gone');
    await until(async () => (await fixture.progress(handle)).waiting?.why.includes('the script says no'));
    fixture.behave = (verb, { number }) => (verb === 'accepts' && number === 1 ? 'failed' : undefined);

    await decided(fixture.store, handle, { actor: 'ada', decision: 'retry', reason: 'a reason' });
    await until(async () => (await fixture.progress(handle)).waiting?.why.includes('still works'));
    const tried = fixture.calls.filter((call) => call === 'restore 2');
    fixture.behave = () => undefined;
    await decided(fixture.store, handle, { actor: 'ada', decision: 'retry', reason: 'a reason' });

    expect(tried).toHaveLength(1);
    expect(await fixture.report(handle)).toMatchObject({ outcome: 'rolled-back', orphans: [] });
  });

  it('is refused past the point of no return', async () => {
    const handle = await stuckAfter('back-after');

    await asked(handle);
    const back = decided(fixture.store, handle, { actor: 'ada', decision: 'roll-back', reason: 'too late' });
    await expect(back).rejects.toMatchObject({ cause: { message: expect.stringContaining('retry, skip') as string } });

    await answer(handle, 'retry');
    await fixture.report(handle);
    expect(fixture.calls).not.toContain('restore 2');
  });
});

describe('abandon', () => {
  it('leaves the half-made value listed while nothing is in force', async () => {
    const handle = await stuckForward('abandon-forward');

    await answer(handle, 'abandon');

    expect(await fixture.report(handle)).toEqual({
      outcome: 'abandoned',
      version: 2,
      oldCredential: null,
      why: 'ada: a reason',
      orphans: ['version 2 is candidate (script/2)'],
    });
    expect(await states('abandon-forward')).toEqual(['current', 'candidate']);
    expect(fixture.calls).not.toContain('destroy 2');
  });

  it('leaves an attempt that may have made something listed', async () => {
    fixture.behave = async (verb, version) => {
      if (verb === 'destroy') throw new Error('the script is away'); // so that the roll back cannot end by itself
      if (verb !== 'create') return;
      await fixture.store.intend(version);
      throw rejected();
    };
    const handle = await fixture.rotate('abandon-attempt');

    await answer(handle, 'abandon');

    const { outcome, orphans } = await fixture.report(handle);
    expect(outcome).toBe('abandoned');
    expect(orphans).toContain('version 2 is discarding');
    expect(orphans.some((left) => left.startsWith('an attempt may have created "keyturn-'))).toBe(true);
  });

  it('leaves the old value listed when the new one is in force', async () => {
    const handle = await stuckBefore('abandon-before');

    await answer(handle, 'abandon');

    expect(await fixture.report(handle)).toMatchObject({
      outcome: 'abandoned',
      oldCredential: null,
      orphans: ['version 1 is retiring'],
    });
    expect(await states('abandon-before')).toEqual(['retiring', 'current']);
    expect(fixture.calls).not.toContain('destroy 1');
  });

  it('leaves the old value listed past the point of no return, whose end nobody has shown', async () => {
    const handle = await stuckAfter('abandon-after');

    await answer(handle, 'abandon');

    expect(await fixture.report(handle)).toMatchObject({ outcome: 'abandoned', orphans: ['version 1 is retiring'] });
    expect(await states('abandon-after')).toEqual(['retiring', 'current']);
    const [rotation] = await fixture.store.rotations('abandon-after');
    expect(rotation).toMatchObject({ outcome: 'abandoned', why: 'ada: a reason' });
  });
});

describe('A decision', () => {
  /** Two questions one after the other: the engine holds something else, and then the old value is in use. */
  async function twice(credential: string): Promise<{ handle: WorkflowHandle; question: string }> {
    await fixture.report(await fixture.rotate(credential));
    fixture.calls.length = 0;
    fixture.behave = (verb) => (verb === 'ours' || verb === 'idle' ? 'failed' : undefined);
    const handle = await fixture.rotate(credential, { giveUpAfterMs: hour });
    return { handle, question: (await asked(handle)).id };
  }
  const skip = { actor: 'ada', decision: 'skip', reason: 'a reason' } as const;
  const told = (text: string) => ({ cause: { message: expect.stringContaining(text) as string } });
  const second = (handle: WorkflowHandle) =>
    until(async () => {
      const { waiting } = await fixture.progress(handle);
      return waiting?.why.startsWith('Idle') && waiting;
    });

  it('answers its own question and not the next one, however many arrive together', async () => {
    const { handle, question } = await twice('decided-together');

    const sent = [skip, { ...skip, actor: 'ben' }, { ...skip, actor: 'cleo' }].map((answer) =>
      handle.executeUpdate(decide, { args: [{ ...answer, question }] }),
    );
    const ends = await Promise.allSettled(sent);
    const waiting = await second(handle);

    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [refused] = ends.filter((end) => end.status === 'rejected');
    expect(refused?.reason).toMatchObject(told('was answered already, with "skip" by'));
    expect(waiting.id).not.toBe(question);
    expect(fixture.calls).not.toContain('destroy 2');
    await decided(fixture.store, handle, { ...skip, decision: 'abandon' });
    await fixture.report(handle);
    expect(await recorded('decided-together')).toHaveLength(2);
  });

  it('to wait no longer is for a grace alone, and would otherwise skip the next one', async () => {
    const handle = await stuckBefore('decided-in-no-grace');
    await asked(handle);

    const early = fixture.hasten(handle, { credential: 'decided-in-no-grace', actor: 'ada', byMs: null });

    await expect(early).rejects.toMatchObject(told('is in no grace; it waits for: Idle'));
    await answer(handle, 'abandon');
    await fixture.report(handle);
  });

  it('to wait longer leaves the wait to be seen, which can be ended right after it', async () => {
    const handle = await fixture.rotate('decided-longer', { graceMs: hour / 2 });
    const before = await until(async () => (await fixture.progress(handle)).waiting?.until);

    const longer = { credential: 'decided-longer', actor: 'ada', byMs: hour / 4 };
    await fixture.hasten(handle, longer);
    const { waiting } = await fixture.progress(handle);
    await until(async () => (await fixture.progress(handle)).waiting?.until === before + hour / 4);
    await fixture.hasten(handle, { ...longer, byMs: null });

    expect(waiting).toMatchObject({ for: 'grace' });
    expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
    expect((await recorded('decided-longer')).map(({ outcome }) => outcome)).toEqual(['extend-grace', 'end-grace']);
  });

  it('is refused when it comes late, with what was decided', async () => {
    const { handle, question } = await twice('decided-late');
    await handle.executeUpdate(decide, { args: [{ ...skip, question }] });
    await second(handle);

    const late = handle.executeUpdate(decide, { args: [{ ...skip, question }] });
    const strange = handle.executeUpdate(decide, { args: [{ ...skip, question: 'another' }] });

    await expect(late).rejects.toMatchObject(told('was answered already, with "skip" by ada: a reason'));
    await expect(strange).rejects.toMatchObject(told('Idle: the script says failed'));
    await decided(fixture.store, handle, { ...skip, decision: 'abandon' });
    await fixture.report(handle);
  });
});

describe('A setting that is not what we last wrote', () => {
  const confirmed = async (credential: string) => {
    await fixture.report(await fixture.rotate(credential));
    fixture.calls.length = 0;
    fixture.behave = (verb) => (verb === 'ours' ? 'failed' : undefined);
    return fixture.rotate(credential, { giveUpAfterMs: hour });
  };

  it('is noticed before anything is made, and asked about', async () => {
    const handle = await confirmed('drift-asks');

    expect(await asked(handle)).toMatchObject({
      for: 'operator',
      why: 'The engine still holds what we last wrote: the script says failed',
      choices: ['retry', 'roll-back', 'skip', 'abandon'],
    });
    expect(fixture.calls).toEqual(['ours 2']);
    await answer(handle, 'roll-back');
    expect(await fixture.report(handle)).toMatchObject({ outcome: 'rolled-back', orphans: [] });
    expect(fixture.calls).toEqual(['ours 2']);
  });

  it('is overwritten when a person says so', async () => {
    const handle = await confirmed('drift-skipped');

    await answer(handle, 'skip');

    expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired', version: 3 });
  });
});
