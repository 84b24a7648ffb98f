import { Parking } from '../../workflows/rotation/parking.js';
import type { RotationRun } from '../../workflows/rotation/run.js';
import type { World } from '../../workflows/rotation/world.js';

// Retries are an hour apart at most, which is no long wait; but they go on for as long as nobody decides.
const forEver = new Promise<void>(() => undefined);

/** Waits for ten minutes in a rotation whose history is long or not. Whether its run may end then. */
function endsWhileItWaits(world: Partial<World>, footing: RotationRun['footing'] = 'committed'): boolean {
  const run = {
    ...{ opened: {}, footing, input: { timing: {} }, definition: { descriptor: { engine: 'docuelevate' } } },
    world: { now: () => 0, wait: () => forEver, park: () => forEver, ...world },
  };
  const parking = new Parking(run as unknown as RotationRun, undefined);
  void parking.wait(() => false, { deadline: 600_000, parks: 'later' });
  return parking.isReady;
}

it('goes on in a new run between two tries, when the history has become long', () => {
  expect(endsWhileItWaits({ isFull: () => true, isOfToday: () => true })).toBe(true);
  expect(endsWhileItWaits({ isFull: () => false, isOfToday: () => true })).toBe(false);
});

it('stays in its run where the history began with other code, or where something is contained', () => {
  expect(endsWhileItWaits({ isFull: () => true, isOfToday: () => false })).toBe(false);
  expect(endsWhileItWaits({ isFull: () => true, isOfToday: () => true }, 'containing')).toBe(false);
});
