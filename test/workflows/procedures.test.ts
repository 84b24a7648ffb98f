import { catalog } from '../../workflows/catalog.js';
import * as workflows from '../../workflows/index.js';
import { scenarios } from '../../src/lab/scenarios/index.js';
import { describeProcedure } from '../contracts/procedure.js';

for (const descriptor of catalog) {
  const start = scenarios[descriptor.id];
  if (start) describeProcedure(descriptor, start);
}

it('has a workflow under its name and a scenario for every procedure of the catalog, and no others', () => {
  expect(Object.keys(workflows).sort()).toEqual(catalog.map(({ workflow }) => workflow).sort());
  expect(Object.keys(scenarios).sort()).toEqual(catalog.map(({ id }) => id).sort());
  for (const descriptor of catalog) {
    expect(workflows[descriptor.workflow as keyof typeof workflows].descriptor).toBe(descriptor);
  }
});
