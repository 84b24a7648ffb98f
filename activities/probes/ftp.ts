import { isIP } from 'node:net';
import type { Client } from 'basic-ftp';
import { z } from 'zod';
import { converse, noAnswer } from './login.js';
import { deadlineMs, fewLogins, namesAnotherReason, portField, type Probe, serverFields, undecided } from './probe.js';

/** A login at an FTP server. */
export const FtpSection = z.strictObject({
  protocol: z.literal('ftp'),
  ...serverFields,
  port: portField(21, ' 21, or 990 for implicit-tls.'),
  security: z
    .enum(['tls', 'implicit-tls', 'none'])
    .default('tls')
    .describe(
      'How the connection is protected: tls begins with AUTH TLS. Nothing is sent where that is not possible, although DocuElevate then goes on without.',
    ),
});
export type FtpSection = z.output<typeof FtpSection>;

export function ftpProbe(section: FtpSection): Probe {
  const { host, port, username } = section;
  const request = `an FTP login at ${host}:${port} as ${username}`;
  return {
    ...{ ...fewLogins, name: host, request, welcome: '230', refusal: '530' },
    async ask(password) {
      const { Client } = await import('basic-ftp'); // loading it takes time
      const client = new Client(deadlineMs);
      const verdict = await converse({
        system: 'FTP',
        run: async () => {
          await connect(client, section);
          requirePassword(await client.sendIgnoringError(`USER ${username}`), request);
          return meaningOf(await client.sendIgnoringError(`PASS ${password}`), request);
        },
        close: () => client.close(),
      });
      return { verdict, providerTime: undefined };
    },
  };
}

interface Reply {
  readonly code: number;
  readonly message: string;
}

async function connect(client: Client, { host, port, security }: FtpSection): Promise<void> {
  const tls = { host, ...(isIP(host) === 0 && { servername: host }) }; // the name that the certificate has to have
  if (security === 'implicit-tls') await client.connectImplicitTLS(host, port, tls);
  else await client.connect(host, port);
  if (security === 'tls') await client.useTLS(tls);
}

function requirePassword({ code }: Reply, request: string): void {
  if (isTemporary(code)) throw noAnswer('FTP', String(code));
  if (code !== 331) throw undecided(`the name alone in ${request}`, String(code));
}

function meaningOf({ code, message }: Reply, request: string): 'accepted' | 'refused' {
  if (isTemporary(code)) throw noAnswer('FTP', String(code));
  if (code === 230) return 'accepted';
  if (code === 530 && !namesAnotherReason(message)) return 'refused';
  throw undecided(request, String(code));
}

/** Also true of what is no code at all. */
function isTemporary(code: number): boolean {
  return !(code < 400 || code >= 500);
}
