import type { Call } from '../../src/domain/call.js';
import { durationMs } from '../../src/domain/duration.js';
import { engines } from '../systems.js';
import type { RotationRun } from './run.js';
import { stepFailureOf } from './step-failure.js';

/** Waits, renewing what would expire meanwhile. A failed renewal is retried at the next interval. */
export async function waitAndRenew(
  run: RotationRun,
  wake: () => boolean,
  deadline = Number.POSITIVE_INFINITY,
): Promise<void> {
  const { renewal } = engines[run.definition.descriptor.engine];
  const everyMs = renewal ? durationMs(renewal.every) : Number.POSITIVE_INFINITY;
  for (;;) {
    const until = Math.min(deadline, run.runtime.now() + everyMs);
    await run.runtime.wait(wake, Number.isFinite(until) ? until : undefined);
    if (wake() || run.runtime.now() >= deadline || !renewal || run.mode === 'containing') return;
    run.renewing = true;
    for (const call of renewal.calls(run)) await renew(run, call);
    run.renewing = false;
  }
}

async function renew(run: RotationRun, call: Call<void>): Promise<void> {
  await run.execute(call, 'Renew what is waiting').catch(stepFailureOf);
}
