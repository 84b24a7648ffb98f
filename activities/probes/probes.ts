import { z } from 'zod';
import type { Secrets } from '../kit/provider.js';
import { ftpProbe, FtpSection } from './ftp.js';
import { httpProbe, HttpSection } from './http.js';
import { imapProbe, ImapSection } from './imap.js';
import { clientSecretProbe, OAuthClientSecretSection, OAuthRefreshTokenSection, refreshTokenProbe } from './oauth.js';
import type { Probe } from './probe.js';
import { sftpProbe, SftpSection } from './sftp.js';
import { smtpProbe, SmtpSection } from './smtp.js';
import { webDavProbe, WebDavSection } from './webdav.js';

/** Where and how to ask whether a value is accepted. docs/probes.md has a table of what each can show. */
export const ProbeSection = z.discriminatedUnion('protocol', [
  ...([SmtpSection, ImapSection, FtpSection, SftpSection, WebDavSection, HttpSection] as const),
  ...([OAuthRefreshTokenSection, OAuthClientSecretSection] as const),
]);
export type ProbeSection = z.output<typeof ProbeSection>;

type Makers = {
  readonly [P in ProbeSection['protocol']]: (section: Extract<ProbeSection, { protocol: P }>, secret: Secrets) => Probe;
};

const makers: Makers = {
  ...{ smtp: smtpProbe, imap: imapProbe, ftp: ftpProbe, sftp: sftpProbe, webdav: webDavProbe, http: httpProbe },
  ...{ 'oauth-refresh-token': refreshTokenProbe, 'oauth-client-secret': clientSecretProbe },
};

/** `secret` resolves what else a question needs, at each question. */
export function probeOf<S extends ProbeSection>(section: S, secret: Secrets): Probe {
  const make = makers[section.protocol] as (section: S, secret: Secrets) => Probe;
  return make(section, secret);
}

/** Base address of every server that is asked, by protocol. */
export function addressesOf(section: ProbeSection): Readonly<Record<string, string>> {
  const { protocol } = section;
  if ('tokenUrl' in section) return { [protocol]: section.tokenUrl };
  return { [protocol]: 'url' in section ? section.url : `${protocol}://${section.host}:${section.port}` };
}
