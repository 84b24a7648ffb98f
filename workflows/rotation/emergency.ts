import { versions } from '../systems.js';
import type { Ending } from './close.js';
import type { RotationRun } from './run.js';
import { Leave } from './trouble.js';

/** Makes every live version refused. Closes the fence first, so that a step still in progress cannot bring anything to life. */
export async function contain(run: RotationRun): Promise<void> {
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

/** A new value in the place of the contained ones. Nothing here takes the containment back. */
export async function replaceAfterEmergency(run: RotationRun): Promise<Ending> {
  const { procedure } = run.definition;
  run.footing = 'containing';
  try {
    await run.during('replace', () => procedure.replace(run), `-${run.emergencyRound}`);
    run.undo.length = 0;
    await run.during('verify', () => procedure.verify(run, run.next), `-${run.emergencyRound}`);
    await run.during(
      'promote',
      () => run.step(`Put version ${run.next.number} in force`, versions.promote(run.next)),
      `-${run.emergencyRound}`,
    );
    return { outcome: 'replaced' };
  } catch (error) {
    if (error instanceof Leave && error.to === 'abandon') return { outcome: 'contained', why: error.message };
    if (error instanceof Leave && error.to === 'emergency') return { outcome: 'contained' };
    throw error;
  }
}
