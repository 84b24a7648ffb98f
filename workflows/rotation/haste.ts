import type { Haste } from '../../src/domain/rotation.js';
import { versions } from '../systems.js';
import { keep } from './bookkeeping.js';
import type { RotationRun } from './run.js';

/** When a wait ends after what people want of it, which goes on record; Unix milliseconds, 0 for now. */
export async function heed(run: RotationRun, title: string, deadline: number): Promise<number> {
  let until = deadline;
  for (const haste of run.inbox.haste.splice(0)) {
    await record(run, title, haste);
    until = haste.byMs === null ? 0 : until + haste.byMs;
  }
  return until;
}

function record(run: RotationRun, title: string, { actor, byMs }: Haste): Promise<void> {
  const { next, phase, input } = run;
  const told =
    byMs === null
      ? ({ decision: 'retire-now', reason: 'not waited for any longer' } as const)
      : ({ decision: 'extend-grace', reason: `waited for ${byMs / 60_000} minutes longer` } as const);
  return keep(run, versions.recordDecision({ version: next, title, actor, ...told }), {
    ...{ credential: input.credential, fence: next.fence, phase },
    ...{ title: `Record the decision: ${told.decision}`, emergency: false },
  });
}
