import { OutsideError } from '../../activities/shared/outside-error.js';
import type { Notifications } from '../config/notifications.js';
import type { Channel, Notice } from '../domain/notice.js';

type Email = NonNullable<Notifications['email']>;

export interface EmailOptions extends Omit<Email, 'password'> {
  readonly password: (() => Promise<string>) | null;
}

const deadlineMs = 10_000; // for the connection, the greeting and each answer

/** Sends notices as plain text, one mail each. */
export function emailChannel({ host, port, security, username, password, from, to }: EmailOptions): Channel {
  return {
    name: 'email',
    async send(notice) {
      const { createTransport } = await import('nodemailer'); // most commands send nothing, and loading it takes time
      const transport = createTransport({
        ...{
          host,
          port,
          secure: security === 'tls',
          requireTLS: security === 'starttls',
          ignoreTLS: security === 'none',
        },
        ...{ connectionTimeout: deadlineMs, greetingTimeout: deadlineMs, socketTimeout: deadlineMs },
        ...(username !== undefined && password && { auth: { user: username, pass: await password() } }),
        ...{ disableFileAccess: true, disableUrlAccess: true },
      });
      try {
        await transport.sendMail({ from, to: [...to], subject: `Keyturn: ${notice.summary}`, text: textOf(notice) });
      } catch (error) {
        throw new OutsideError('email', 'send', troubleOf(error));
      } finally {
        transport.close();
      }
    },
  };
}

function textOf({
  summary,
  detail,
  credential,
  version,
  owner,
  task,
  at,
  event,
  id,
  ledger,
  ...notice
}: Notice): string {
  const facts = [
    ['Event', event],
    ['Credential', credential],
    ['Version', version],
    ['Owner', owner],
    ['Task', task],
    ['For', notice.for],
    ['Time', new Date(at).toISOString()],
    ['Reference', id],
    ['Ledger', ledger],
  ].filter(([, value]) => value !== undefined);
  const lines = facts.map(([label, value]) => `${label}: ${value}`);
  return `${[`${summary}.`, ...(detail === null ? [] : [detail]), '', ...lines].join('\n')}\n`;
}

/** The server's own words stay out: they may repeat what was sent. */
function troubleOf(error: unknown): { status?: number; code?: string } {
  if (typeof error !== 'object' || error === null) return {};
  if ('responseCode' in error && typeof error.responseCode === 'number') return { status: error.responseCode };
  return 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
}
