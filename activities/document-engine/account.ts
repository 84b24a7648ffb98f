import { z } from 'zod';
import { DurationText, FilePath, HttpUrl } from '../../src/fields/fields.js';
import { SecretRef } from '../../src/fields/secret-ref.js';
import { keyPairOf } from './keys.js';

const Signer = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'not an address; write for example https://app.example.com/viewer-token' })
    .describe('An address of the application that signs, which answers GET with a fresh token somewhere in its text.'),
  authorization: SecretRef.optional().describe('Content of the Authorization header it wants.'),
  propagation: DurationText.prefault('60 seconds').describe('How long it may take until it signs with another key.'),
});

/** The entry of a Document Engine under `engines`. */
export const DocumentEngine = z
  .strictObject({
    kind: z.literal('document-engine'),
    url: HttpUrl.describe('Address of Document Engine.'),
    apiToken: SecretRef.describe('Its API_AUTH_TOKEN.'),
    jwt: z
      .strictObject({
        algorithm: z.enum(['RS256', 'RS512', 'ES256', 'ES512']).default('RS256').describe('Its JWT_ALGORITHM.'),
        tokenLifetime: DurationText.prefault('1 hour').describe(
          'How long the tokens live that are issued for it: no grace may be shorter.',
        ),
        signer: Signer.optional().describe(
          'How to ask the application that signs for a token, as proof of the key it uses.',
        ),
      })
      .prefault({})
      .describe('How tokens are used with it.'),
    propagation: DurationText.prefault('10 seconds').describe(
      'How long it may take until every node knows of a changed secret: so long a value may be accepted by one and refused by another.',
    ),
    nodes: z
      .int()
      .min(1)
      .default(1)
      .describe('How many nodes answer at its address: all of them are asked, by chance.'),
    dashboardUsername: z.string().min(1).default('admin').describe('Its DASHBOARD_USERNAME.'),
    deployment: z
      .strictObject({
        envFile: FilePath.optional().describe('Its .env file, where REPLACE_SECRETS_FROM_ENV=false is looked for.'),
        replaceSecretsFromEnv: z
          .boolean()
          .optional()
          .describe('Your word on REPLACE_SECRETS_FROM_ENV, where its .env file is not on this machine.'),
      })
      .prefault({})
      .describe('How it is run.'),
  })
  .describe('A Nutrient Document Engine.');

/** The `provider` section: the engine issues its own secrets, so there is nothing to say. */
export const DocumentEngineAccount = z.strictObject({});

/** The account is the engine itself. */
export function documentEngineIdentity(): string {
  return 'itself';
}

/** What an adopted value consists of: of a private key the public half is made, and a public one is taken alone. */
export function documentEngineParts(given: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const key = given['privateKey'] ?? given['publicKey'];
  return key === undefined ? given : keyPairOf(key);
}
