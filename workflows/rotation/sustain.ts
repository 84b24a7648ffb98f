import type { Call } from '../../src/domain/call.js';
import { durationMs } from '../../src/domain/duration.js';
import { engines } from '../systems.js';
import type { RotationRun } from './run.js';
import { troubleOf } from './trouble.js';

/** Waits, and every now and then does what the engine needs meanwhile, so that nothing falls away. One that fails is tried again the next time. */
export async function waitAndSustain(
  run: RotationRun,
  wake: () => boolean,
  deadline = Number.POSITIVE_INFINITY,
): Promise<void> {
  const { sustain } = engines[run.definition.descriptor.engine];
  const everyMs = sustain ? durationMs(sustain.every) : Number.POSITIVE_INFINITY;
  for (;;) {
    const until = Math.min(deadline, run.world.now() + everyMs);
    await run.world.wait(wake, Number.isFinite(until) ? until : undefined);
    if (wake() || run.world.now() >= deadline || !sustain || run.footing === 'containing') return;
    run.prolongs = true;
    for (const call of sustain.calls(run)) await prolong(run, call);
    run.prolongs = false;
  }
}

async function prolong({ input, opened, phase, world }: RotationRun, call: Call<void>): Promise<void> {
  const context = { credential: input.credential, fence: opened?.fence ?? null, phase };
  const step = { ...context, title: 'Prolong what is waiting', emergency: false };
  await world.execute(call, step).catch(troubleOf);
}
