import { Parking } from '../../workflows/rotation/parking.js';
import type { RotationRun } from '../../workflows/rotation/run.js';
import type { Runtime } from '../../workflows/rotation/runtime.js';

// Retries are an hour apart at most, which is no long wait; but they go on for as long as nobody decides.
const forEver = new Promise<void>(() => undefined);

/** Waits for ten minutes in a rotation whose history is long or not. Whether its run may end then. */
function endsWhileItWaits(runtime: Partial<Runtime>, mode: RotationRun['mode'] = 'committed'): boolean {
  const run = {
    ...{ opened: {}, mode, input: { timing: {} }, engine: {} },
    runtime: { now: () => 0, wait: () => forEver, park: () => forEver, ...runtime },
  };
  const parking = new Parking(run as unknown as RotationRun, undefined);
  void parking.wait(() => false, { deadline: 600_000, parks: 'later' });
  return parking.isReady;
}

it('goes on in a new run between two tries, when the history has become long', () => {
  expect(endsWhileItWaits({ isFull: () => true })).toBe(true);
  expect(endsWhileItWaits({ isFull: () => false })).toBe(false);
});

it('stays in its run where something is contained', () => {
  expect(endsWhileItWaits({ isFull: () => true }, 'containing')).toBe(false);
});
