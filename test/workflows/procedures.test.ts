import { scenarios } from '../../src/lab/scenarios/index.js';
import { catalog } from '../../workflows/catalog.js';
import * as workflows from '../../workflows/index.js';
import { openAiApiKey as descriptor } from '../../workflows/procedures/openai-api-key.js';
import { describeEmergency } from '../contracts/emergency.js';
import { describeProcedure } from '../contracts/procedure.js';

// One of them here; all of them in test/contracts/*.suite.ts, which takes longer (npm run test:contracts).
const start = scenarios[descriptor.id]!;
describeProcedure(descriptor, start);
describeEmergency(descriptor, start);

it('has a workflow under its name and a scenario for every procedure of the catalog, and no others', () => {
  const rotations = Object.entries(workflows).flatMap(([name, workflow]) =>
    'descriptor' in workflow ? [[name, workflow.descriptor] as const] : [],
  );
  expect(rotations.map(([name]) => name).sort()).toEqual(catalog.map(({ workflow }) => workflow).sort());
  expect(Object.keys(scenarios).sort()).toEqual(catalog.map(({ id }) => id).sort());
  for (const each of catalog) expect(new Map(rotations).get(each.workflow)).toBe(each);
});
