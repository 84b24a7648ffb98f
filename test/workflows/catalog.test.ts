import { scenarios } from '../../src/lab/scenarios/index.js';
import { catalog } from '../../workflows/catalog.js';
import * as workflows from '../../workflows/index.js';

it('has a workflow under its name and a scenario for every procedure of the catalog, and no others', () => {
  const rotations = Object.entries(workflows).flatMap(([name, workflow]) =>
    'descriptor' in workflow ? [[name, workflow.descriptor] as const] : [],
  );
  expect(rotations.map(([name]) => name).sort()).toEqual(catalog.map(({ workflow }) => workflow).sort());
  expect(Object.keys(scenarios).sort()).toEqual(catalog.map(({ id }) => id).sort());
  for (const each of catalog) expect(new Map(rotations).get(each.workflow)).toBe(each);
});
