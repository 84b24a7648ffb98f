import { credentialOf } from '../src/config/policy.js';
import type { Config } from '../src/config/schema.js';
import type { ProcedureDescriptor } from '../src/domain/procedure.js';
import { catalog } from '../workflows/catalog.js';

/** The descriptor of a credential's procedure. Throws a UserError when there is no such credential. */
export function descriptorOf(config: Config, credential: string): ProcedureDescriptor {
  const { procedure } = credentialOf(config, credential);
  const descriptor = catalog.find(({ id }) => id === procedure);
  if (!descriptor) throw new Error(`no procedure is called ${procedure}`); // the configuration was checked against the catalog
  return descriptor;
}
