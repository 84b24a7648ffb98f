import { scenarios } from '../../src/lab/scenarios/index.js';
import { catalog } from '../../workflows/catalog.js';
import { describeProcedure } from './procedure.js';

for (const descriptor of catalog) {
  const start = scenarios[descriptor.id];
  if (start) describeProcedure(descriptor, start);
}
