import type { Call } from '../../src/domain/call.js';
import type { RotationOutcome, RotationRequest } from '../../src/domain/rotation.js';
import { engines, versions } from '../systems.js';
import type { Ended } from './attempt.js';
import { keep } from './bookkeeping.js';
import type { Ending } from './close.js';
import { laneOf } from './lane.js';
import type { RotationRun } from './run.js';
import { leaveOf, troubleOf } from './trouble.js';
import type { World } from './world.js';

/** Contain beside the step in progress, wait that step out, contain what it still brought to life, and only then replace. */
export async function containAndReplace(run: RotationRun, planned: Promise<unknown>): Promise<Ending> {
  let inForce: boolean;
  try {
    inForce = await contain(run);
    await planned;
    inForce = (await contain(run)) || inForce;
    await run.during(
      'contain',
      () => run.step('Stop the clock', versions.stopClock(run.next)),
      `-${run.emergencyRound}`,
    );
  } catch (error) {
    await planned;
    return endingOf(error, 'abandoned');
  }
  const collected = collectAudit(run);
  try {
    if (!inForce) return { outcome: 'retired' };
    await replace(run);
    return { outcome: 'replaced' };
  } catch (error) {
    return endingOf(error, 'contained');
  } finally {
    await collected;
  }
}

/** What a person has to review. Nothing waits for it but the end, and nothing fails for it. */
async function collectAudit(run: RotationRun): Promise<void> {
  const { definition, input, next, emergencyRound } = run;
  const call = engines[definition.descriptor.engine].audit?.(next);
  const title = 'Collect what the engine recorded';
  const { credential } = input;
  const context = { credential, fence: next.fence, phase: 'contain', title, check: true, emergency: true } as const;
  if (!call) return;
  await run.once(title, () => execute(run, call, context), `audit-${emergencyRound}`);
}

async function execute(run: RotationRun, call: Call, context: Parameters<World['execute']>[1]): Promise<Ended> {
  try {
    await run.world.execute(call, context);
    return { state: 'done' };
  } catch (error) {
    return { state: 'failed', detail: troubleOf(error).why };
  }
}

/**
 * Makes every version that is meant refused, side by side: one that resists holds no other up. Closes the fence first, so that a step still
 * in progress cannot bring anything to life. Whether what is in force was among them.
 */
async function contain(run: RotationRun): Promise<boolean> {
  const { procedure } = run.definition;
  run.footing = 'containing';
  run.phase = 'contain';
  run.givenUp = null;
  run.world.show({ phase: 'contain', emergency: true });
  run.listed ||= run.world.isOfToday?.('told-phases') ?? true;
  const { opened, targets, replace, policy } = await seize(run);
  run.goesBy(policy);
  run.opened = opened;
  run.containedSince ??= opened.fence;
  const scope = `contain-${++run.emergencyRound}`;
  if (procedure.contain) await procedure.contain(laneOf(run, scope), targets);
  const ends = targets.map(async (target) => {
    const lane = laneOf(run, `${scope}-${target.number}`);
    if (!procedure.contain) await procedure.retire(lane, target);
    await lane.step(`Record the end of version ${target.number}`, versions.recordContained(target));
  });
  const failed = (await Promise.allSettled(ends)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return replace;
}

async function seize(run: RotationRun) {
  const { input, inbox } = run;
  const [newest] = inbox.emergencies.slice(0, inbox.handled).reverse();
  const emergencies = inbox.emergencies.slice(0, inbox.handled).flatMap(({ id }) => id ?? []);
  const request: RotationRequest = newest ? { ...newest, trigger: 'emergency' } : input.request;
  const call = versions.seize({ credential: input.credential, request: { ...request, emergencies } });
  const { credential } = input;
  const context = { credential, fence: null, phase: 'contain', title: 'Close the fence', emergency: true } as const;
  return keep(run, call, context);
}

/** A new value in the place of the contained ones. Nothing here takes the containment back. */
async function replace(run: RotationRun): Promise<void> {
  const { procedure } = run.definition;
  const round = `-${run.emergencyRound}`;
  await run.during('replace', () => procedure.replace(run), round);
  run.undo.length = 0;
  await run.during('verify', () => procedure.verify(run, run.next), round);
  await run.during(
    'promote',
    () => run.step(`Put version ${run.next.number} in force`, versions.promote(run.next)),
    round,
  );
}

/** A newer emergency comes to an ending of its own, whatever is said here. */
function endingOf(error: unknown, abandoned: RotationOutcome): Ending {
  const { to, message } = leaveOf(error);
  return { outcome: to === 'lost' ? 'failed' : abandoned, why: message };
}
