import { scenarios } from '../../src/lab/scenarios/index.js';
import { catalog } from '../../workflows/catalog.js';
import { describeEmergency } from './emergency.js';

for (const descriptor of catalog) {
  const start = scenarios[descriptor.id];
  if (start) describeEmergency(descriptor, start);
}
