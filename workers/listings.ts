import { awsListing } from '../activities/aws/listing.js';
import { azureListing } from '../activities/azure/listing.js';
import { documentEngineListing } from '../activities/document-engine/listing.js';
import { openAiListing } from '../activities/openai/listing.js';
import { sftpListing } from '../activities/sftp/listing.js';
import type { Listing } from '../activities/shared/listing.js';
import { environment } from '../src/config/load.js';
import type { Config } from '../src/config/schema.js';
import { resolveSecret } from '../src/config/secret-ref.js';
import { UserError } from '../src/domain/user-error.js';
import { accountsOf, type Secrets } from './accounts.js';
import { descriptorOf } from './descriptor.js';

/**
 * What the provider of a credential lists, from the configuration alone; null where a provider has no list.
 * Throws a UserError when there is no such credential.
 */
export async function listingOf(config: Config, credential: string): Promise<Listing | null> {
  const accounts = accountsOf(config, withoutStore);
  const listings: Readonly<Record<string, () => Promise<Listing>>> = {
    openai: async () => openAiListing(await accounts.openai(credential)),
    azure: async () => azureListing(await accounts.azure(credential)),
    aws: async () => awsListing(await accounts.aws(credential)),
    sftp: async () => sftpListing(await accounts.sftp(credential)),
    'document-engine': async () => documentEngineListing(await accounts['document-engine'](credential)),
  };
  return (await listings[descriptorOf(config, credential).provider]?.()) ?? null;
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
