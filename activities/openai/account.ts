import { z } from 'zod';
import { DurationText, HttpUrl } from '../../src/fields/fields.js';
import { usageFields } from '../../src/fields/usage.js';
import { SecretRef } from '../../src/fields/secret-ref.js';

/** The `provider` section of an OpenAI credential. */
export const OpenAiAccount = z.strictObject({
  adminKey: SecretRef.describe(
    'An admin key of the organization, with write access to its administration (platform.openai.com, Settings, Admin keys). It makes and deletes the keys that the engine uses.',
  ),
  project: z
    .string()
    .regex(/^proj_/, 'the id of a project begins with proj_')
    .describe('The project that owns the keys. Not the default project: that one takes no service accounts.'),
  baseUrl: HttpUrl.prefault('https://api.openai.com/v1').describe('Address of the API, with its version.'),
  propagation: DurationText.prefault('60 seconds').describe(
    'How long a new or deleted key may take until it is known everywhere at OpenAI.',
  ),
  keyLifetime: DurationText.optional().describe(
    'How long a new key lives at most, up to 365 days, where a policy of the organization or the project demands that keys end. Left out, a key has no end, unless a policy demands one: then the longest that it takes.',
  ),
  keyScopes: z
    .array(z.string().regex(/^[a-z_]+(\.[a-z_]+)+$/, 'a scope is words with dots between them, such as model.request'))
    .min(1, 'left out, a key may do whatever its service account may')
    .optional()
    .describe(
      "What a new key may do, in OpenAI's words (platform.openai.com, API keys, Restricted), such as model.request. DocuElevate needs those of the calls that it makes. Left out, whatever its service account may.",
    ),
  ...usageFields,
});
export type OpenAiAccount = z.infer<typeof OpenAiAccount>;

/** Tells one account from another: the API and the project. */
export function openAiIdentity({ baseUrl, project }: OpenAiAccount): string {
  return `${baseUrl} ${project}`;
}
