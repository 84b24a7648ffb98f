import type { ImapFlow } from 'imapflow';
import { z } from 'zod';
import { CannotTell } from '../shared/outside-error.js';
import { converse, noAnswer } from './login.js';
import { deadlineMs, fewLogins, namesAnotherReason, portField, type Probe, serverFields, undecided } from './probe.js';

/** A login at a mailbox. */
export const ImapSection = z.strictObject({
  protocol: z.literal('imap'),
  ...serverFields,
  port: portField(993, ' 993 for tls, 143 for starttls.'),
  security: z
    .enum(['tls', 'starttls', 'none'])
    .default('tls')
    .describe('How the connection is protected. Nothing is sent where that is not possible.'),
});
export type ImapSection = z.output<typeof ImapSection>;

export function imapProbe(section: ImapSection): Probe {
  const { host, port, username } = section;
  const request = `an IMAP login at ${host}:${port} as ${username}`;
  return {
    ...{ ...fewLogins, name: host, request, welcome: 'OK', refusal: 'NO [AUTHENTICATIONFAILED]' },
    async ask(password) {
      const client = await open(section, password);
      client.on('error', () => undefined); // it is also thrown
      const verdict = await converse({
        system: 'IMAP',
        run: async () => {
          try {
            await client.connect();
          } catch (error) {
            return meaningOf(error as ImapError, request);
          }
          if (client.greeting !== undefined) return 'accepted' as const; // it has none after a PREAUTH
          throw new CannotTell(`${host}:${port} lets everybody in without a login (PREAUTH)`);
        },
        close: () => client.close(),
      });
      return { verdict, providerTime: undefined };
    },
  };
}

async function open({ host, port, security, username }: ImapSection, password: string): Promise<ImapFlow> {
  const { ImapFlow } = await import('imapflow'); // loading it takes time
  return new ImapFlow({
    ...{ host, port, secure: security === 'tls' },
    ...(security !== 'tls' && { doSTARTTLS: security === 'starttls' }),
    ...{ auth: { user: username, pass: password }, verifyOnly: true, logger: false, clientInfo: { name: 'keyturn' } },
    ...{ connectionTimeout: deadlineMs, greetingTimeout: deadlineMs, socketTimeout: deadlineMs },
  });
}

/** Of the library's errors, as far as they are read. */
interface ImapError extends Error {
  /** NO or BAD, when the server answered. */
  readonly responseStatus?: string;
  readonly serverResponseCode?: string;
  readonly authenticationFailed?: boolean;
  /** The server's words. */
  readonly response?: unknown;
}

/** RFC 5530, and LIMIT of Mailu. */
const passingCodes = ['UNAVAILABLE', 'INUSE', 'SERVERBUG', 'LIMIT'];

function meaningOf(error: ImapError, request: string): 'refused' {
  const { responseStatus: status, serverResponseCode: code = '', authenticationFailed = false } = error;
  if (passingCodes.includes(code)) throw noAnswer('IMAP', code);
  if (status === undefined) throw authenticationFailed ? undecided(request, 'that logins are switched off') : error;
  if (isRefusal(error)) return 'refused';
  throw undecided(request, /^[A-Z-]{1,30}$/.test(code) ? `${status} [${code}]` : status);
}

/** RFC 5530. A NO without a code may mean anything. */
function isRefusal({ serverResponseCode, authenticationFailed, response }: ImapError): boolean {
  if (serverResponseCode !== 'AUTHENTICATIONFAILED' || authenticationFailed !== true) return false;
  return typeof response !== 'string' || !namesAnotherReason(response);
}
