import type { RotationOutcome, RotationReport } from '../../src/domain/rotation.js';
import { versions } from '../systems.js';
import { keep } from './bookkeeping.js';
import type { RotationRun } from './run.js';
import { exitOf } from './step-failure.js';

export interface Ending {
  readonly outcome: RotationOutcome;
  readonly why?: string;
}

/** Records the end of a rotation and lists its orphans. */
export async function close(run: RotationRun, { outcome, why }: Ending): Promise<RotationReport> {
  const { opened } = run;
  const reason = why === undefined ? {} : { why };
  if (!opened) return { outcome, version: 0, oldCredential: null, orphans: [], ...reason };
  run.phase = 'close';
  run.runtime.show({ phase: 'close' });
  const { next } = opened;
  try {
    const { containedSince: since } = run;
    const call = versions.closeRotation({ version: next, outcome, why: why ?? null, ...(since !== null && { since }) });
    return { outcome, version: next.number, ...(await keep(run, call, { title: 'Close the rotation' })), ...reason };
  } catch (error) {
    const exit = exitOf(error);
    if (exit.to === 'emergency') throw exit;
    const unknown = { version: next.number, oldCredential: null, orphans: [] };
    // The rotation that took over lists the orphans; this one has nothing more to write.
    if (exit.to === 'lost') return { ...unknown, outcome: 'failed', why: why ?? exit.message };
    return { ...unknown, outcome, why: [why, exit.message].filter(Boolean).join('; then: ') }; // outside Temporal, where nothing waits
  }
}
