import { z } from 'zod';
import { DurationText, HttpUrl } from '../fields/fields.js';
import { SecretRef } from '../fields/secret-ref.js';

const Webhook = z
  .strictObject({
    url: HttpUrl.describe('Where each message is sent as JSON, by POST.'),
    secret: SecretRef.describe(
      'The key that signs messages (HMAC-SHA256), so that the receiver can verify that Keyturn sent them.',
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
      .describe('How the connection is protected. Use none only for a server on this machine.'),
    username: z
      .string()
      .min(1)
      .optional()
      .describe('The user to sign in as; left out where the server needs no login.'),
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
    error: 'a password is sent only over a protected connection; write starttls or tls',
  })
  .describe('Messages for people.');

/** Who is notified. */
export const Notifications = z
  .strictObject({
    webhook: Webhook.optional(),
    email: Email.optional(),
    dueSoon: DurationText.prefault('7 days').describe(
      'How long before its due time a scheduled rotation is announced.',
    ),
  })
  .refine(({ webhook, email }) => webhook !== undefined || email !== undefined, {
    error: 'write a webhook, an email, or both',
  })
  .describe(
    'Who is notified when a rotation is due, begins, waits for a person, fails or ends, and of emergencies and drift.',
  );
export type Notifications = z.infer<typeof Notifications>;
