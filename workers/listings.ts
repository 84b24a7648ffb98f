import { providerOf } from '../activities/providers.js';
import type { Secrets, Traces } from '../activities/kit/provider.js';
import type { Listing } from '../activities/shared/listing.js';
import { environment } from '../src/config/load.js';
import type { Config } from '../src/config/schema.js';
import { UserError } from '../src/domain/user-error.js';
import { resolveSecret } from '../src/fields/secret-ref.js';
import { entryOf } from './descriptor.js';

/** What the provider of a credential lists, from the configuration alone; null when it has no list. Throws a UserError when there is no such credential. */
export function listingOf(config: Config, credential: string): Listing | null {
  const entry = entryOf(config, credential);
  return providerOf(entry.procedure.provider).listing(entry, withoutStore);
}

/** Ids under which the provider lists a version, as far as the store knows. Throws a UserError when there is no such credential. */
export function idsOf(config: Config, version: Traces): readonly string[] {
  const entry = entryOf(config, version.credential);
  return providerOf(entry.procedure.provider).idsOf(version, entry);
}

const withoutStore: Secrets = (ref, shape) => {
  const sources = {
    environment,
    credential: (name: string) =>
      Promise.reject(
        new UserError(`The value of credential ${name} is in the store, which cannot be opened`, {
          state: 'Another entry of the configuration uses it as its secret.',
          next: 'Put the secret into a file for now and write { file: path } in its place.',
        }),
      ),
  };
  return resolveSecret(ref, sources, shape);
};
