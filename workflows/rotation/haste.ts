import type { Haste, Waiting } from '../../src/domain/rotation.js';
import { versions } from '../systems.js';
import { keep } from './bookkeeping.js';
import type { RotationRun } from './run.js';

/** A wait as it will be once what people want of it is on record: whoever extended it sees that, and can end it again, at once. */
export function extended(waiting: Waiting, haste: readonly Haste[]): Waiting {
  if (waiting.for !== 'grace' || waiting.until === undefined || haste.length === 0) return waiting;
  return { ...waiting, until: haste.reduce((until, { byMs }) => until + (byMs ?? 0), waiting.until) };
}

/** When a wait ends after what people want of it, which goes on record; Unix milliseconds, 0 for now. */
export async function heed(run: RotationRun, title: string, deadline: number): Promise<number> {
  const { haste } = run.inbox;
  let until = deadline;
  for (let [first] = haste; first; [first] = haste) {
    await record(run, title, first);
    until = first.byMs === null ? 0 : until + first.byMs;
    haste.shift();
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
