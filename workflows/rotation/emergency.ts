import type { Taking } from '../../activities/versions/activities.js';
import type { Call } from '../../src/domain/call.js';
import type { RotationOutcome, RotationRequest } from '../../src/domain/rotation.js';
import { versions } from '../systems.js';
import { keep } from './bookkeeping.js';
import type { Ending } from './close.js';
import { replace } from './phases.js';
import type { RotationRun } from './run.js';
import { exitOf, stepFailureOf } from './step-failure.js';
import { Steps } from './steps.js';

type Contained = Pick<Taking, 'replace' | 'interrupts'>;

/** Contains beside the step in progress, waits for that step, contains what it still created, and only then replaces. */
export async function containAndReplace(run: RotationRun, planned: Promise<unknown>): Promise<Ending> {
  let inForce: boolean;
  try {
    const first = await contain(run);
    await planned;
    inForce = (await containAgain(run, first)) || first.replace;
    await run.during(
      'contain',
      (steps) => steps.step('Stop the clock', versions.stopClock(run.next)),
      `-${run.emergencyRound}`,
    );
  } catch (error) {
    await planned;
    return endingOf(error, 'abandoned');
  }
  const collected = collectAudit(run);
  try {
    if (!inForce) return { outcome: 'retired' };
    await replace(run, `-${run.emergencyRound}`);
    return { outcome: 'replaced' };
  } catch (error) {
    return endingOf(error, 'contained');
  } finally {
    await collected;
  }
}

const mostInterruptions = 3; // by other runs that take over while this one waits

/** Contains what an interrupted step still created. Returns whether the version in force was among it. */
async function containAgain(run: RotationRun, first: Contained): Promise<boolean> {
  let [taken, inForce] = [first, false];
  for (let round = 0; round < mostInterruptions; round++) {
    const interrupted = taken.interrupts;
    if (interrupted) await letPass(run);
    taken = await contain(run);
    inForce ||= taken.replace;
    if (!interrupted || !taken.interrupts) break;
  }
  return inForce;
}

/** Waits for an interrupted step of another run. The ledger tells when it has ended. A failure of this wait stops nothing. */
function letPass(run: RotationRun): Promise<void> {
  const { options, ...call } = versions.letPass(run.next);
  const patiently = { ...call, options: { ...options, attempts: 60 } }; // one a second, for 40 seconds
  return aside(run, 'Wait for the interrupted step to end', { call: patiently, scope: 'pass' });
}

/** Collects what a person has to review. Only the end of the rotation waits for it, and nothing fails because of it. */
async function collectAudit(run: RotationRun): Promise<void> {
  const call = run.engine.audit?.(run.next);
  if (call) await aside(run, 'Collect what the engine recorded', { call, scope: 'audit', check: true });
}

interface Aside {
  readonly call: Call;
  readonly scope: string;
  readonly check?: boolean;
}

/** A step whose failure stops nothing. */
function aside(run: RotationRun, title: string, { call, scope, ...options }: Aside): Promise<void> {
  return new Steps(run, `${scope}-${run.emergencyRound}`).once(title, () =>
    run.execute(call, title, options).then(
      () => ({ state: 'done' }),
      (error: unknown) => ({ state: 'failed', detail: stepFailureOf(error).why }),
    ),
  );
}

/**
 * Makes every named version refused, in parallel: one that fails delays no other. Takes a new fencing token first, so that a step still in
 * progress cannot create anything.
 */
async function contain(run: RotationRun): Promise<Contained> {
  const { procedure } = run.definition;
  run.mode = 'containing';
  run.phase = 'contain';
  run.givenUp = null;
  run.runtime.show({ phase: 'contain', emergency: true });
  run.listed = true;
  const taken = await seize(run);
  const { opened, targets, policy } = taken;
  run.goesBy(policy);
  run.opened = opened;
  run.containedSince ??= opened.fence;
  const scope = `contain-${++run.emergencyRound}`;
  if (procedure.contain) await procedure.contain(new Steps(run, scope), targets);
  const ends = targets.map(async (target) => {
    const branch = new Steps(run, `${scope}-${target.number}`);
    if (!procedure.contain) await procedure.retire(branch, target);
    await branch.step(`Record the end of version ${target.number}`, versions.recordContained(target));
  });
  const failed = (await Promise.allSettled(ends)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return taken;
}

async function seize(run: RotationRun) {
  const { input, inbox } = run;
  const [newest] = inbox.emergencies.slice(0, inbox.handled).reverse();
  const emergencies = inbox.emergencies.slice(0, inbox.handled).flatMap(({ id }) => id ?? []);
  const request: RotationRequest = newest ? { ...newest, trigger: 'emergency' } : input.request;
  const call = versions.seize({ credential: input.credential, request: { ...request, emergencies } });
  return keep(run, call, { title: 'Close the fence', fence: null });
}

/** A newer emergency overrides this ending. */
function endingOf(error: unknown, abandoned: RotationOutcome): Ending {
  const { to, message } = exitOf(error);
  return { outcome: to === 'lost' ? 'failed' : abandoned, why: message };
}
