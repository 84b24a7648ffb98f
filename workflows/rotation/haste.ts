import type { Haste } from '../../src/domain/rotation.js';
import { versions } from '../systems.js';
import { keep } from './bookkeeping.js';
import type { RotationRun } from './run.js';

/** When a wait ends, after the wishes of people are granted and recorded. Unix milliseconds; 0 for now. */
export async function heed(run: RotationRun, title: string, deadline: number): Promise<number> {
  const { haste } = run.inbox;
  let until = deadline;
  for (let [first] = haste; first; [first] = haste) {
    const byMs = await granted(run, title, first);
    until = byMs === null ? 0 : until + byMs;
    haste.shift();
  }
  return until;
}

function granted(run: RotationRun, title: string, { wish }: Haste): Promise<number | null> {
  const call = versions.grantHaste({ version: run.next, title, wish });
  return keep(run, call, { title: 'Look what is asked of the wait' });
}
