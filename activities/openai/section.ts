import { z } from 'zod';
import { DurationText, HttpUrl } from '../../src/fields/fields.js';
import { usageFields } from '../../src/fields/usage.js';
import { SecretRef } from '../../src/fields/secret-ref.js';

/** The `provider` section of an OpenAI credential. */
export const OpenAiSection = z.strictObject({
  adminKey: SecretRef.describe(
    'An admin key of the organization, with write access to its administration (platform.openai.com, Settings, Admin keys). It creates and deletes the keys that the engine uses.',
  ),
  project: z
    .string()
    .regex(/^proj_/, 'the id of a project begins with proj_')
    .describe('The project that owns the keys. Not the Default project, which takes no service accounts.'),
  baseUrl: HttpUrl.prefault('https://api.openai.com/v1').describe('Address of the API, with its version.'),
  propagation: DurationText.prefault('60 seconds').describe(
    'Propagation delay: how long a new or deleted key may take until all servers of OpenAI know it.',
  ),
  keyLifetime: DurationText.optional().describe(
    'Lifetime of a new key, up to 365 days. Default: keys do not expire, or have the longest lifetime that a policy of the organization or the project allows.',
  ),
  keyScopes: z
    .array(z.string().regex(/^[a-z_]+(\.[a-z_]+)+$/, 'a scope is words with dots between them, such as model.request'))
    .min(1, 'name a scope, or leave keyScopes out: a key may then do everything that its service account may do')
    .optional()
    .describe(
      "Scopes of a new key, by OpenAI's names (platform.openai.com, API keys, Restricted), such as model.request. DocuElevate needs the scopes of the calls that it makes. Default: everything that the service account may do.",
    ),
  ...usageFields,
});
export type OpenAiSection = z.infer<typeof OpenAiSection>;
