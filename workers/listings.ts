import { azureListing } from '../activities/azure/listing.js';
import { documentEngineListing } from '../activities/document-engine/listing.js';
import { openAiListing } from '../activities/openai/listing.js';
import type { Listing } from '../activities/shared/listing.js';
import { environment } from '../src/config/load.js';
import type { Config } from '../src/config/schema.js';
import { resolveSecret, type SecretRef } from '../src/config/secret-ref.js';
import { UserError } from '../src/domain/user-error.js';
import { accountsOf, descriptorOf } from './compose.js';

/**
 * What the provider of a credential lists, from the configuration alone; null where a provider has no list.
 * Throws a UserError when there is no such credential.
 */
export async function listingOf(config: Config, credential: string): Promise<Listing | null> {
  const accounts = accountsOf(config, withoutStore);
  const listings: Readonly<Record<string, () => Promise<Listing>>> = {
    openai: async () => openAiListing(await accounts.openai(credential)),
    azure: async () => azureListing(await accounts.azure(credential)),
    'document-engine': async () => documentEngineListing(await accounts['document-engine'](credential)),
  };
  return (await listings[descriptorOf(config, credential).provider]?.()) ?? null;
}

function withoutStore(ref: SecretRef): Promise<string> {
  return resolveSecret(ref, {
    environment,
    credential: (name) =>
      Promise.reject(
        new UserError(`The value of credential ${name} is in the store, which cannot be opened`, {
          state: 'Another entry of the configuration uses it as its secret.',
          next: 'Put the secret into a file for now and write { file: path } in its place.',
        }),
      ),
  });
}
