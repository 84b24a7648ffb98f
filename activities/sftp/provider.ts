import { durationMs } from '../../src/domain/duration.js';
import { defineProvider } from '../kit/provider.js';
import { SftpAccount, sftpAddress, sftpIdentity, sftpParts } from './account.js';
import { createSftpActivities } from './activities.js';
import { sftpRequests } from './requests.js';
import { sftpListing } from './survey.js';

export const sftp = defineProvider({
  system: 'sftp',
  name: 'the SFTP server',
  section: SftpAccount,
  identity: sftpIdentity,
  addresses: (account) => ({ sftp: sftpAddress(account) }),
  exclusive: true,
  shown: [
    { field: 'host', setting: 'sftp_host' },
    { field: 'port', setting: 'sftp_port', unset: '22' },
    { field: 'username', setting: 'sftp_username' },
  ],
  parts: sftpParts,
  connect: ({ adminKey, passphrase, propagation, username, keyFile, ...connection }, secret) => ({
    ...{ ...connection, username, keyFile, adminUsername: connection.adminUsername ?? username },
    keyFileInEngine: connection.keyFileInEngine ?? keyFile,
    adminKey: () => secret(adminKey, 'lines'),
    passphrase: passphrase ? () => secret(passphrase) : null,
    propagationMs: durationMs(propagation),
  }),
  activities: createSftpActivities,
  requests: sftpRequests,
  listing: sftpListing,
});
