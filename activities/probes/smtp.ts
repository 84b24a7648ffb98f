import type SMTPConnection from 'nodemailer/lib/smtp-connection/index.js';
import { z } from 'zod';
import { CannotTell } from '../shared/outside-error.js';
import { converse, noAnswer } from './login.js';
import { deadlineMs, fewLogins, namesAnotherReason, portField, type Probe, serverFields, undecided } from './probe.js';

/** A login at a mail server that sends. */
export const SmtpSection = z.strictObject({
  protocol: z.literal('smtp'),
  ...serverFields,
  port: portField(587, ' 587 for starttls, 465 for tls.'),
  security: z
    .enum(['starttls', 'tls', 'none'])
    .default('starttls')
    .describe('How the connection is protected. Nothing is sent where that is not possible.'),
});
export type SmtpSection = z.output<typeof SmtpSection>;

export function smtpProbe(section: SmtpSection): Probe {
  const { host, port, username } = section;
  const request = `an SMTP login at ${host}:${port} as ${username}`;
  return {
    ...{ ...fewLogins, name: host, request, welcome: '235', refusal: '535' },
    async ask(password) {
      const connection = await open(section);
      const verdict = await converse({
        system: 'SMTP',
        run: async () => {
          await step(connection, (done) => connection.connect(done), request);
          if (!offersPasswords(connection)) throw new CannotTell(`${request} is not offered: the server names no AUTH`);
          return step(connection, (done) => connection.login({ user: username, pass: password }, done), request);
        },
        close: () => connection.close(),
      });
      return { verdict, providerTime: undefined };
    },
  };
}

async function open({ host, port, security }: SmtpSection): Promise<SMTPConnection> {
  const { default: Connection } = await import('nodemailer/lib/smtp-connection'); // loading it takes time
  const protection = {
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
  };
  const timeouts = { connectionTimeout: deadlineMs, greetingTimeout: deadlineMs, socketTimeout: deadlineMs };
  return new Connection({ ...{ host, port, ...protection }, ...timeouts });
}

/** Whether the server, in its newest answer to EHLO, offers a login with a password. */
function offersPasswords({ lastServerResponse }: SMTPConnection): boolean {
  return /^250[ -]AUTH[ =].*\b(?:PLAIN|LOGIN|CRAM-MD5)\b/im.test(String(lastServerResponse));
}

type Done = (error?: SMTPConnection.SMTPError | null) => void;

/** Waits for one step. Its errors arrive in two ways. */
async function step(
  connection: SMTPConnection,
  act: (done: Done) => void,
  request: string,
): Promise<'accepted' | 'refused'> {
  const error = await new Promise<SMTPConnection.SMTPError | null>((resolve) => {
    connection.removeAllListeners('error');
    connection.on('error', resolve);
    connection.on('end', () => resolve(noAnswer('SMTP', 'CLOSED')));
    act((failed) => resolve(failed ?? null));
  });
  return error ? meaningOf(error, request) : 'accepted';
}

/**
 * Enhanced codes with which servers say 535 about a password: RFC 4954 and most, Exchange, Sendmail. Exchange Online says
 * `535 5.7.139` where it has switched this kind of login off.
 */
const aboutPasswords = ['5.7.8', '5.7.3', '5.7.0', ''];

function meaningOf(error: SMTPConnection.SMTPError, request: string): 'refused' {
  const { responseCode: code, response = '' } = error;
  if (code === undefined) throw error;
  if (code < 500) throw noAnswer('SMTP', String(code));
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1] ?? '';
  if (isRefusal(error, enhanced)) return 'refused';
  throw undecided(request, `${code} ${enhanced}`.trim());
}

function isRefusal({ responseCode, response = '', command = '' }: SMTPConnection.SMTPError, enhanced: string): boolean {
  const isAbout = command.startsWith('AUTH') && responseCode === 535 && aboutPasswords.includes(enhanced);
  return isAbout && !namesAnotherReason(response);
}
