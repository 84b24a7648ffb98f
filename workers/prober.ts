import { proberOf } from '../activities/by-hand/provider.js';
import { ByHandSection } from '../activities/by-hand/section.js';
import type { Prober } from '../activities/shared/probes.js';
import type { Config } from '../src/config/schema.js';
import { partsOf } from '../src/domain/procedure.js';
import type { Store } from '../src/store/store.js';
import { secretsOf } from './compose.js';
import { entryOf } from './descriptor.js';

/** How to ask about a value of a credential that people rotate; null where no probe is configured. Throws a UserError when there is no such credential. */
export function personsProber(config: Config, store: Store, credential: string): Prober | null {
  const { section, procedure } = entryOf(config, credential);
  return procedure.anySetting ? proberOf(ByHandSection.parse(section), secretsOf(store), partsOf(procedure)) : null;
}
