import { isCancellation } from '@temporalio/workflow';
import type { Call } from '../../src/domain/call.js';
import { durationMs } from '../../src/domain/duration.js';
import type { FailingStep } from '../../src/domain/rotation.js';
import { attempt, decisionUntil } from './attempt.js';
import type { TryOutOptions } from './procedure.js';
import type { RotationRun } from './run.js';
import { Exit } from './step-failure.js';
import type { Steps } from './steps.js';

interface TryOut extends TryOutOptions {
  readonly title: string;
  readonly call: Call<void>;
}

/** One round of switching off and trying. False when it failed, was put back, and another round follows. */
export async function tryOnce(steps: Steps, tryOut: TryOut): Promise<boolean> {
  const { run, scope } = steps;
  const { title, call, undo } = tryOut;
  const back = `Put back: ${title}`;
  if (steps.isDone(back)) {
    const asked = run.parking.failingAt({ scope, title }); // in an earlier run of this rotation
    return asked ? askOn(run, asked, true) : false;
  }
  await steps.step(title, call, { undo });
  const why = await whyFailed(run, tryOut);
  if (why === null) return true;
  await steps.once(back, () => attempt(steps, { title: back, call: undo }));
  run.undo.splice(
    run.undo.findIndex((entry) => entry.title === title),
    1,
  );
  const failure = { why: `${why}; it was put back`, kind: 'ask' } as const;
  return askOn(run, { title, failure, scope, since: run.runtime.now(), tries: 0 }, false);
}

/** Null when the engine worked without what is switched off. */
async function whyFailed(run: RotationRun, { trial, within }: TryOut): Promise<string | null> {
  run.trying = true;
  try {
    await (within && run.runtime.within ? run.runtime.within(durationMs(within), trial) : trial());
    return null;
  } catch (error) {
    if (error instanceof Exit && error.to === 'put-back') return error.message;
    if (isCancellation(error) && !run.runtime.calledOff?.()) return `nothing was shown within ${within}`;
    throw error;
  } finally {
    run.trying = false;
  }
}

/** Whether a person decides to skip the trial. False for another round. */
async function askOn(run: RotationRun, about: FailingStep, isParked: boolean): Promise<boolean> {
  const { title, failure } = about;
  const never = Number.POSITIVE_INFINITY;
  const question = { title, why: failure.why, givesUpAt: never, retryAt: never, operator: true };
  const told = await decisionUntil(run, { ...question, helps: 'retry', about, parks: isParked ? undefined : 'later' });
  if (told?.decision === 'roll-back' || told?.decision === 'abandon')
    throw new Exit(told.decision, `${told.actor}: ${told.reason}`);
  return told?.decision === 'skip';
}
