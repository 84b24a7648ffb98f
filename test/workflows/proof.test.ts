import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import { emergencyRevoke } from '../../workflows/rotation/messages.js';
import { until } from '../support/temporal.js';
import { type Fixture, startFixture } from './fixture.js';
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

const usage = { resolutionMs: 0, lagMs: 60_000 };
const unseen = (): ApplicationFailure => ApplicationFailure.nonRetryable('no use shows yet', 'NotSeenYet');
const waiting = async (handle: WorkflowHandle) => (await fixture.progress(handle)).waiting;
const asked = (handle: WorkflowHandle) => until(async () => (await waiting(handle))?.for === 'operator');
const answer = (handle: WorkflowHandle, decision: 'retry' | 'skip' | 'abandon') =>
  decided(fixture.store, handle, { actor: 'ada', decision, reason: 'the test' });
const stepOf = async (handle: WorkflowHandle, title: string) =>
  (await fixture.progress(handle)).steps.findLast((step) => step.title === title);

describe('An adopted value', () => {
  it('is seen in use before anything is written', async () => {
    await fixture.report(await fixture.rotate('observed', {}, 'rotateTried'));

    expect(fixture.calls.slice(0, 3)).toEqual(['seen 1', 'write 1', 'document 1']);
  });

  it('whose use does not show is a question, and nothing is written meanwhile', async () => {
    fixture.behave = (verb) => {
      if (verb === 'seen') throw unseen();
    };
    const handle = await fixture.rotate('unobserved', { giveUpAfterMs: 60_000 }, 'rotateTried');

    await asked(handle);
    const before = [...fixture.calls];
    await answer(handle, 'abandon');

    expect(before).toEqual(['seen 1']);
    expect(await fixture.report(handle)).toMatchObject({ outcome: 'abandoned' });
  });

  it('of a provider that tells of no uses is accepted, fits the settings and has no other user', async () => {
    await fixture.report(await fixture.rotate('assumed', {}, 'rotateAssumed'));

    expect(fixture.calls.slice(0, 3)).toEqual(['accepts 1', 'holds 1', 'write 1']);
  });

  it('that does not fit the settings is not written', async () => {
    fixture.behave = (verb) => (verb === 'holds' ? 'failed' : undefined);

    expect(await fixture.report(await fixture.rotate('misfit', {}, 'rotateAssumed'))).toMatchObject({
      outcome: 'rolled-back',
    });
    expect(fixture.calls).not.toContain('write 1');
  });
});

describe('A use that does not show yet', () => {
  it('holds nothing up before the new value is in force', async () => {
    fixture.behave = (verb, { number }) => {
      if (verb === 'seen' && number === 2 && !fixture.calls.includes('disable 1')) throw unseen();
    };
    const handle = await fixture.rotate('early', { usage }, 'rotateTried');

    expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
    expect(
      (await fixture.progress(handle)).steps.find(({ phase, title }) => phase === 'verify' && title === 'Seen'),
    ).toMatchObject({
      outcome: 'not-observable',
      detail: 'no use shows yet',
    });
  });

  it('keeps the old value alive, without a question until its lag is over', async () => {
    let [inForce, shows] = [false, false];
    fixture.behave = (verb, { number }) => {
      if (verb === 'seen' && number === 2 && inForce && !shows) throw unseen();
    };
    const handle = await fixture.rotate('late', { usage, graceMs: 200 }, 'rotateTried');
    await until(async () => (await waiting(handle))?.for === 'grace');
    inForce = true;
    await until(async () => (await waiting(handle))?.for === 'retry');
    const [before, question] = [[...fixture.calls], await waiting(handle)];
    shows = true;
    await answer(handle, 'retry');

    expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
    expect(before).not.toContain('disable 1');
    expect(question?.why).toContain('no use shows yet');
  });

  it('is a question when its lag is over', async () => {
    let inForce = false;
    fixture.behave = (verb, { number }) => {
      if (verb === 'seen' && number === 2 && inForce) throw unseen();
    };
    const handle = await fixture.rotate('never', { usage: { ...usage, lagMs: 0 }, graceMs: 200 }, 'rotateTried');
    await until(async () => (await waiting(handle))?.for === 'grace');
    inForce = true;

    await asked(handle);
    await answer(handle, 'abandon');
    expect(fixture.calls).not.toContain('disable 1');
  });

  it('is not looked for before our own probe is far enough away', async () => {
    const handle = await fixture.rotate('apart', { usage: { resolutionMs: 1_000, lagMs: 0 } }, 'rotateTried');

    expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
    expect(await stepOf(handle, 'Wait until a use can be told from our own')).toMatchObject({ phase: 'proof' });
  });
});

describe('What is tried out', () => {
  const failing = (): void => {
    fixture.behave = (verb) => (verb === 'document' && fixture.calls.at(-2) === 'disable 1' ? 'failed' : undefined);
  };

  it('is put back before anybody is asked, and tried again when they say so', async () => {
    failing();
    const handle = await fixture.rotate('put-back', {}, 'rotateTried');
    await asked(handle);
    const before = fixture.calls.slice(-3);
    const question = await waiting(handle);
    fixture.behave = () => undefined;
    await answer(handle, 'retry');

    expect(before).toEqual(['disable 1', 'document 2', 'enable 1']);
    expect(question?.why).toContain('it was put back');
    expect(await fixture.report(handle)).toMatchObject({ outcome: 'retired' });
    expect(fixture.calls.slice(-4)).toEqual(['disable 1', 'document 2', 'seen 2', 'destroy 1']);
  });

  it('can be taken back altogether', async () => {
    failing();
    const handle = await fixture.rotate('taken-back', {}, 'rotateTried');
    await asked(handle);
    await decided(fixture.store, handle, { actor: 'ada', decision: 'roll-back', reason: 'the test' });

    expect(await fixture.report(handle)).toMatchObject({ outcome: 'rolled-back', orphans: [] });
    expect(fixture.calls.filter((call) => call === 'enable 1')).toHaveLength(1);
  });

  it('is put back when nothing is shown in time', async () => {
    let letGo = (): void => undefined;
    const hanging = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    fixture.behave = (verb) => (verb === 'document' && fixture.calls.at(-2) === 'disable 1' ? hanging : undefined);
    const handle = await fixture.rotate('hanging', {}, 'rotateTried');
    await until(async () => fixture.calls.at(-1) === 'document 2' && fixture.calls.at(-2) === 'disable 1');
    setTimeout(letGo, 4_000); // the step that was called off ends some time

    await asked(handle);

    expect(fixture.calls.at(-1)).toBe('enable 1');
    expect((await waiting(handle))?.why).toContain('nothing was shown within 3 seconds');
    await answer(handle, 'abandon');
  });

  it('is not put back in an emergency', async () => {
    failing();
    const handle = await fixture.rotate('emergency', {}, 'rotateTried');
    await asked(handle);
    fixture.calls.length = 0;
    fixture.behave = () => undefined;
    await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });

    expect(await fixture.report(handle)).toMatchObject({ outcome: 'replaced' });
    expect(fixture.calls).not.toContain('enable 1');
  });

  it('does not give a containment up that fails while its end is waited for', async () => {
    const hanging = Promise.withResolvers<void>();
    let refuses = true;
    fixture.behave = (verb, { number }) => {
      if (verb === 'document' && fixture.calls.at(-2) === 'disable 1') return hanging.promise;
      if (verb === 'destroy' && number === 1 && refuses) throw ApplicationFailure.nonRetryable('the script forbids it');
    };
    const handle = await fixture.rotate('interrupted', {}, 'rotateTried');
    await until(async () => fixture.calls.at(-1) === 'document 2' && fixture.calls.at(-2) === 'disable 1');
    await handle.signal(emergencyRevoke, { actor: 'ada', reason: 'it leaked' });

    await asked(handle);
    const question = await waiting(handle);
    refuses = false;
    hanging.resolve();
    await answer(handle, 'retry');

    expect(question?.why).toContain('the script forbids it');
    expect(await fixture.report(handle)).toMatchObject({ outcome: 'replaced' });
  });
});
