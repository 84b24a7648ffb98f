import { words } from '../../src/lab/docuelevate/peers.js';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { startFtpLab } from '../../src/lab/ftp/server.js';
import type { LabAccount } from '../../src/lab/logins/account.js';
import { startMailLab } from '../../src/lab/mail/server.js';
import { startOAuthLab } from '../../src/lab/oauth/server.js';
import { startSftpLab } from '../../src/lab/sftp/server.js';
import { startWebDavLab } from '../../src/lab/webdav/server.js';
import { visit } from '../lab/docuelevate-visitor.js';
import type { passwords } from './credentials.js';
import { fresh, oneOf, peerOf, type Site } from './site.js';

/** Keyturn generates the password, and a person sets it. */
const generated = { newValue: 'generated' } as const;

const peerFor = (account: LabAccount, refusal: () => string) =>
  peerOf(({ username, password = '' }) =>
    username === account.username && account.working().includes(password) ? null : refusal(),
  );

async function mailSite(name: 'email' | 'imap1' | 'imap2'): Promise<Site> {
  const mail = await startMailLab({ password: fresh() });
  const [protocol, port] = name === 'email' ? (['smtp', 587] as const) : (['imap', 993] as const);
  const host = `${name}.example.test`;
  const { username } = mail;
  const server = { host: '127.0.0.1', port: mail[protocol].port, security: 'none' };
  return {
    ...{ ...oneOf(mail), stop: () => mail.stop() },
    options: {
      environment: { [`${name}_host`]: host, [`${name}_username`]: username },
      peers: { [`${host}:${port}`]: peerFor(mail, words[protocol]) },
    },
    provider: { name: 'The mail host', account: username, ...generated, probe: { protocol, username, ...server } },
  };
}

async function ftpSite(): Promise<Site> {
  const ftp = await startFtpLab({ password: fresh() });
  const { username, port } = ftp;
  return {
    ...{ ...oneOf(ftp), stop: () => ftp.stop() },
    options: {
      environment: { ftp_host: 'files.example.test', ftp_username: username },
      peers: { 'files.example.test:21': peerFor(ftp, words.ftp) },
    },
    provider: {
      ...{ name: 'The file server', account: username, ...generated },
      probe: { protocol: 'ftp', host: '127.0.0.1', port, username, security: 'none' },
    },
  };
}

async function sftpSite(): Promise<Site> {
  const sftp = await startSftpLab();
  const { port, username, hostKey } = sftp;
  const set = (value: string): void => void sftp.changePassword(username, value);
  return {
    ...{ first: sftp.password, accepts: (value) => sftp.password === value, set, end: () => set(fresh()) },
    stop: () => sftp.stop(),
    options: { sftp: { port, username, hostKey } },
    provider: {
      ...{ name: 'The file server', account: username, ...generated },
      probe: { protocol: 'sftp', host: '127.0.0.1', port, username, hostKey },
    },
  };
}

async function webDavSite(): Promise<Site> {
  const webDav = await startWebDavLab({ password: fresh() });
  const { username, folderUrl } = webDav;
  return {
    ...{ ...oneOf(webDav), stop: () => webDav.stop() },
    options: { environment: { webdav_url: `${folderUrl}/`, webdav_username: username } },
    provider: {
      ...{ name: 'The file server', account: username, ...generated },
      probe: { protocol: 'webdav', url: `${folderUrl}/`, username },
    },
  };
}

/** DocuElevate itself checks this password, so nothing is set anywhere before Keyturn writes it. */
function adminSite(): Site {
  let docuelevate: DocuElevateLab;
  return {
    ...{ first: fresh(), options: {}, set: () => undefined },
    meet: (met) => void (docuelevate = met),
    accepts: async (value) => (await visit(docuelevate).login(value))?.startsWith('/login') === false,
    end: () => docuelevate.editSetting('admin_password', fresh(), 'a person'),
    trouble() {
      docuelevate.faults.add({ method: 'POST', path: '/auth', times: Infinity, kind: { status: 400 } });
      return () => docuelevate.faults.clear();
    },
    provider: { name: 'DocuElevate', ...generated },
  };
}

async function authentikSite(): Promise<Site> {
  const authentik = await startOAuthLab({ vendor: 'authentik', password: fresh() });
  const { username: clientId, tokenUrl } = authentik;
  return {
    ...{ ...oneOf(authentik), options: {}, stop: () => authentik.stop() },
    provider: { name: 'authentik', probe: { protocol: 'oauth-client-secret', tokenUrl, clientId } },
  };
}

export async function startPasswords(): Promise<Record<keyof typeof passwords, Site>> {
  return {
    authentik: await authentikSite(),
    smtp: await mailSite('email'),
    imap1: await mailSite('imap1'),
    imap2: await mailSite('imap2'),
    webdav: await webDavSite(),
    ftp: await ftpSite(),
    'sftp-password': await sftpSite(),
    admin: adminSite(),
  };
}
