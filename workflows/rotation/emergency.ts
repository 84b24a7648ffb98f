import type { RotationOutcome } from '../../src/domain/rotation.js';
import { versions } from '../systems.js';
import type { Ending } from './close.js';
import type { RotationRun } from './run.js';
import { Leave } from './trouble.js';

/** Makes every live version refused. Closes the fence first, so that a step still in progress cannot bring anything to life. */
async function contain(run: RotationRun): Promise<void> {
  const { procedure } = run.definition;
  run.footing = 'containing';
  run.world.show({ phase: 'contain', emergency: true });
  const { credential, request } = run.input;
  const context = { credential, fence: null, phase: 'contain', title: 'Close the fence', emergency: true } as const;
  const { opened, targets } = await run.world.execute(versions.seize({ credential, request }), context);
  run.opened = opened;
  const round = ++run.emergencyRound;
  if (procedure.contain) return run.during('contain', () => procedure.contain!(run, targets), `-${round}`);
  for (const target of targets) {
    await run.during(
      'contain',
      async () => {
        await procedure.retire(run, target);
        await run.step(`Record the end of version ${target.number}`, versions.recordEnd(target));
      },
      `-${round}-${target.number}`,
    );
  }
}

/** Contain beside the step in progress, wait that step out, contain what it still brought to life, and only then replace. */
export async function containAndReplace(run: RotationRun, planned: Promise<unknown>): Promise<Ending> {
  try {
    await contain(run);
    await planned;
    await contain(run);
  } catch (error) {
    await planned;
    return endingOf(error, 'abandoned');
  }
  try {
    await replace(run);
    return { outcome: 'replaced' };
  } catch (error) {
    return endingOf(error, 'contained');
  }
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
  if (!(error instanceof Leave)) throw error;
  return { outcome: error.to === 'lost' ? 'failed' : abandoned, why: error.message };
}
