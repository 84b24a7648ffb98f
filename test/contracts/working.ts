import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import type { Scenario } from '../../src/lab/scenario.js';
import type { Store } from '../../src/store/store.js';

/** The engine's value works, and no other. Of two slots, the second one holds a value that nobody was given. */
export async function expectWorking(descriptor: ProcedureDescriptor, scenario: Scenario, store: Store): Promise<void> {
  const [held, working] = [scenario.engineHolds(), scenario.working()];
  const beside = working.filter((value) => value !== held);
  expect(working).toContain(held);
  expect(beside).toHaveLength(descriptor.overlap === 'two-slots' ? 1 : 0);
  for (const value of beside) expect((await store.identify(value)).map(({ state }) => state)).toEqual(['current']);
}
