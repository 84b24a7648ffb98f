import { z } from 'zod';
import { DurationText, HttpUrl } from '../../src/fields/fields.js';
import { ProbeSection } from '../probes/probes.js';

const line = z.string().regex(/^\P{Cc}+$/u, 'text on one line');

export const ByHandSection = z.strictObject({
  name: line.describe('Who issues the value, as people call it.'),
  account: line.optional().describe('Whose value it is there, for instance a user name or a mail address.'),
  page: HttpUrl.optional().describe('The page where a person creates and revokes it. Left out, the page of the guide.'),
  overlap: z
    .enum(['both-valid', 'single'])
    .describe(
      'both-valid: a new value works beside the old one until somebody revokes that. single: the new value replaces the old one at once, and DocuElevate fails until it has it.',
    ),
  newValue: z
    .enum(['given', 'generated'])
    .default('given')
    .describe(
      'given: the provider makes it, and a person gives it to Keyturn. generated: Keyturn makes it, stores it, and a person sets it there.',
    ),
  length: z.int().min(12).max(128).default(32).describe('Characters of a generated value: letters and digits.'),
  instructions: z
    .array(line)
    .min(1)
    .optional()
    .describe('What a person has to know to create a value there, one step each. Left out, the steps of the guide.'),
  probe: ProbeSection.optional().describe(
    'How to ask whether a value is accepted. Without it, nothing but a person can say that the old value is refused.',
  ),
  propagation: DurationText.prefault('0 seconds').describe(
    'Propagation delay: how long a change may take until all servers behind the address know it.',
  ),
});
export type ByHandSection = z.output<typeof ByHandSection>;

const SettingKey = z.string().regex(/^[a-z0-9_]+$/, 'not a setting of DocuElevate');

/** The settings of a credential whose procedure fits any setting. */
export const FedSettings = z
  .union([z.array(SettingKey).min(1), z.record(SettingKey, z.string().min(1))])
  .describe(
    'The settings that hold the value, for instance [email_password, imap1_password]. A value of several parts: each setting with its part, as { aws_access_key_id: id, aws_secret_access_key: secret }.',
  );
