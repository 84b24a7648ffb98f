import type { Entry } from '../activities/kit/provider.js';
import { credentialOf, engineOf } from '../src/config/policy.js';
import type { Config } from '../src/config/schema.js';
import { descriptorOf } from './descriptor.js';

/** What the configuration says about a credential. Throws a UserError when there is no such credential. */
export function entryOf(config: Config, credential: string): Entry {
  const procedure = descriptorOf(config, credential);
  return { section: credentialOf(config, credential).provider, engine: engineOf(config, credential), procedure };
}
