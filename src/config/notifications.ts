import { z } from 'zod';
import { DurationText, HttpUrl } from '../fields/fields.js';
import { SecretRef } from '../fields/secret-ref.js';

const Webhook = z
  .strictObject({
    url: HttpUrl.describe('Where each message is sent as JSON, by POST.'),
    secret: SecretRef.describe(
      'The key that messages are signed with (HMAC-SHA256), so that the receiver knows they are ours.',
    ),
  })
  .describe('Messages for a program.');

const Email = z
  .strictObject({
    host: z.string().min(1).describe('The mail server (SMTP).'),
    port: z.int().min(1).max(65_535).default(587).describe('587 for starttls, 465 for tls.'),
    security: z
      .enum(['starttls', 'tls', 'none'])
      .default('starttls')
      .describe('How the connection is protected; none is for a server on this machine.'),
    username: z.string().min(1).optional().describe('Who signs in; left out where nobody has to.'),
    password: SecretRef.optional().describe('The password to sign in with.'),
    from: z.email({ error: 'not a mail address' }).describe('The sender.'),
    to: z
      .array(z.email({ error: 'not a mail address' }))
      .min(1)
      .describe('Who gets the mail.'),
  })
  .refine(({ username, password }) => (username === undefined) === (password === undefined), {
    error: 'signing in takes both a username and a password',
  })
  .refine(({ security, password }) => security !== 'none' || password === undefined, {
    path: ['security'],
    error: 'a password is sent over a protected connection only; write starttls or tls',
  })
  .describe('Messages for people.');

/** Who is told what happens. */
export const Notifications = z
  .strictObject({
    webhook: Webhook.optional(),
    email: Email.optional(),
    dueSoon: DurationText.prefault('7 days').describe(
      'How long before a scheduled rotation falls due it is announced.',
    ),
  })
  .refine(({ webhook, email }) => webhook !== undefined || email !== undefined, {
    error: 'write a webhook, an email, or both',
  })
  .describe('Who is told when something is due, begins, waits for a person, goes wrong or is over.');
export type Notifications = z.infer<typeof Notifications>;
