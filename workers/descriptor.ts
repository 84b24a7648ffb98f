import type { Entry } from '../activities/kit/provider.js';
import { byHandDescriptor } from '../activities/by-hand/descriptor.js';
import { credentialOf, engineOf, taskPolicyOf } from '../src/config/policy.js';
import type { Config } from '../src/config/schema.js';
import type { ProcedureDescriptor } from '../src/domain/procedure.js';
import { catalog } from '../workflows/catalog.js';

/** The descriptor of a credential's procedure, with the settings that the configuration names. Throws a UserError when there is no such credential. */
export function descriptorOf(config: Config, credential: string): ProcedureDescriptor {
  const { procedure } = credentialOf(config, credential);
  const descriptor = catalog.find(({ id }) => id === procedure);
  if (!descriptor) throw new Error(`no procedure is called ${procedure}`); // the configuration was checked against the catalog
  return descriptor.anySetting ? byHandDescriptor(descriptor, credentialOf(config, credential)) : descriptor;
}

/** What the configuration says about a credential. Throws a UserError when there is no such credential. */
export function entryOf(config: Config, credential: string): Entry {
  const procedure = descriptorOf(config, credential);
  return {
    section: credentialOf(config, credential).provider,
    engine: engineOf(config, credential),
    procedure,
    tasks: taskPolicyOf(config, credential),
  };
}
