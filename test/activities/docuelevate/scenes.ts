import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPeer, type Peers, type SimulatedPeer, words } from '../../../src/lab/docuelevate/peers.js';
import type { DocuElevateLabOptions } from '../../../src/lab/docuelevate/server.js';
import { startAwsLab } from '../../../src/lab/aws/server.js';
import { startAzureLab } from '../../../src/lab/azure/server.js';
import { startNextcloudLab } from '../../../src/lab/nextcloud/server.js';
import { startOpenAiLab } from '../../../src/lab/openai/server.js';
import { startPaperlessLab } from '../../../src/lab/paperless/server.js';
import { newLabKey } from '../../../src/lab/sftp/keys.js';
import { startSftpLab } from '../../../src/lab/sftp/server.js';
import { startWebDavServer } from '../../lab/webdav-server.js';

/** What a setting needs around it, so that DocuElevate uses it. */
export interface Scene {
  readonly options: Partial<DocuElevateLabOptions>;
  /** A value that works. */
  readonly right: string;
  readonly wrong: string;
  readonly peer?: SimulatedPeer;
  stop(): Promise<unknown>;
}

type Settings = Readonly<Record<string, string>>;

interface AtPeer {
  readonly address: string;
  /** The part of the login that is the setting's value. */
  readonly part: string;
  /** Its other parts. */
  readonly others?: Settings;
  readonly environment: Settings;
  readonly says?: (part: string) => string;
}

const right = 'the-right-value';
const wrong = 'the-dead-value';

function atPeer({ address, part, others = {}, environment, says = words.api }: AtPeer): () => Promise<Scene> {
  return () => {
    const peer = createPeer({ accepts: { ...others, [part]: right }, says });
    const peers: Peers = { [address]: peer };
    return Promise.resolve({ options: { environment, peers }, right, wrong, peer, stop: () => Promise.resolve() });
  };
}

const account = { username: 'docs' };
const ai = (provider: string, address: string) =>
  atPeer({ address, part: 'key', environment: { ai_provider: provider } });
const dropbox = { dropbox_app_key: 'key', dropbox_app_secret: 'a', dropbox_refresh_token: 'r' };
const google = { google_drive_client_id: 'id', google_drive_client_secret: 'a', google_drive_refresh_token: 'r' };
const byPerson = { ...google, google_drive_use_oauth: 'true', google_drive_folder_id: 'folder' };
const oneDrive = { onedrive_client_id: 'id', onedrive_client_secret: 'a', onedrive_refresh_token: 'r' };
const sharePoint = {
  ...{ sharepoint_client_id: 'id', sharepoint_client_secret: 'a', sharepoint_refresh_token: 'r' },
  sharepoint_site_url: 'https://contoso.sharepoint.com/sites/docs',
};
const { oauth } = words;
const cloud = (address: string, [part, other]: readonly [string, Settings], environment: Settings) =>
  atPeer({ address, part, others: other, environment, says: oauth });
const mailbox = (name: string) =>
  atPeer({
    ...{ address: 'mail.example.test:993', part: 'password', others: account, says: words.imap },
    environment: { [`${name}_host`]: 'mail.example.test', [`${name}_username`]: 'docs' },
  });
const alone = (environment: Settings = {}) => atPeer({ address: 'nowhere', part: 'none', environment });

/** Real servers and labs, by the setting that they need. */
const served = {
  async openai_api_key() {
    const openAi = await startOpenAiLab();
    const environment = { openai_base_url: openAi.baseUrl };
    const value = openAi.createUserKey('documents').value;
    return { options: { environment }, right: value, wrong, stop: () => openAi.stop() };
  },
  async azure_ai_key() {
    const azure = await startAzureLab();
    const options = { azureEndpoint: azure.url, azureKey: 'none' };
    return { options, right: azure.inSlot('Key1'), wrong, stop: () => azure.stop() };
  },
  async webdav_password() {
    const server = await startWebDavServer('docs', right);
    const environment = { webdav_url: `${server.url}/`, webdav_username: 'docs' };
    return { options: { environment }, right, wrong, stop: () => server.stop() };
  },
  async nextcloud_password() {
    const nextcloud = await startNextcloudLab();
    const environment = { nextcloud_upload_url: nextcloud.uploadUrl, nextcloud_username: nextcloud.username };
    const value = nextcloud.createAppPassword('engine');
    return { options: { environment }, right: value, wrong, stop: () => nextcloud.stop() };
  },
  async paperless_ngx_api_token() {
    const paperless = await startPaperlessLab({ release: 2 });
    const options = { environment: { paperless_host: paperless.url } };
    return { options, right: paperless.generateToken(), wrong, stop: () => paperless.stop() };
  },
  async sftp_password() {
    const sftp = await startSftpLab();
    const { port, username, hostKey, password } = sftp;
    return { options: { sftp: { port, username, hostKey } }, right: password, wrong, stop: () => sftp.stop() };
  },
  async sftp_private_key() {
    const sftp = await startSftpLab();
    const folder = mkdtempSync(join(tmpdir(), 'keyturn-worker-'));
    const [good, bad] = [join(folder, 'good'), join(folder, 'dead')];
    writeFileSync(good, sftp.key.privateKey);
    writeFileSync(bad, newLabKey().privateKey);
    const { port, username, hostKey } = sftp;
    const stop = async () => {
      await sftp.stop();
      rmSync(folder, { recursive: true });
    };
    return { options: { sftp: { port, username, hostKey } }, right: good, wrong: bad, stop };
  },
  async aws_secret_access_key() {
    const aws = await startAwsLab();
    const { id, secret } = aws.createByHand();
    const options = { s3: { endpoint: aws.url, bucket: aws.bucket, id, secret: 'none' } };
    return { options, right: secret, wrong, stop: () => aws.stop() };
  },
} satisfies Record<string, () => Promise<Scene>>;

/** By credential setting. Settings that nothing shows need no scene. */
export const scenes: Readonly<Record<string, () => Promise<Scene>>> = {
  ...served,
  anthropic_api_key: ai('anthropic', 'api.anthropic.com'),
  gemini_api_key: ai('gemini', 'generativelanguage.googleapis.com'),
  openrouter_api_key: ai('openrouter', 'openrouter.ai'),
  portkey_api_key: atPeer({
    ...{ address: 'api.portkey.ai', part: 'key', others: { virtual_key: 'v' } },
    environment: { ai_provider: 'portkey', portkey_virtual_key: 'v' },
  }),
  portkey_virtual_key: atPeer({
    ...{ address: 'api.portkey.ai', part: 'virtual_key', others: { key: 'k' } },
    environment: { ai_provider: 'portkey', portkey_api_key: 'k' },
  }),
  mistral_api_key: atPeer({ address: 'api.mistral.ai', part: 'key', environment: { ocr_providers: 'mistral' } }),
  google_docai_credentials_json: atPeer({
    ...{ address: 'documentai.googleapis.com', part: 'key', environment: { ocr_providers: 'google_docai' } },
  }),
  dropbox_app_secret: cloud('api.dropboxapi.com', ['app_secret', { refresh_token: 'r' }], dropbox),
  dropbox_refresh_token: cloud('api.dropboxapi.com', ['refresh_token', { app_secret: 'a' }], dropbox),
  google_drive_credentials_json: cloud('oauth2.googleapis.com', ['credentials_json', {}], {
    google_drive_folder_id: 'folder',
  }),
  google_drive_client_secret: cloud('oauth2.googleapis.com', ['client_secret', { refresh_token: 'r' }], byPerson),
  google_drive_refresh_token: cloud('oauth2.googleapis.com', ['refresh_token', { client_secret: 'a' }], byPerson),
  onedrive_client_secret: cloud('graph.microsoft.com', ['client_secret', { refresh_token: 'r' }], oneDrive),
  onedrive_refresh_token: cloud('graph.microsoft.com', ['refresh_token', { client_secret: 'a' }], oneDrive),
  sharepoint_client_secret: cloud('contoso.sharepoint.com', ['client_secret', { refresh_token: 'r' }], sharePoint),
  sharepoint_refresh_token: cloud('contoso.sharepoint.com', ['refresh_token', { client_secret: 'a' }], sharePoint),
  evernote_auth_token: atPeer({ address: 'www.evernote.com', part: 'auth_token', environment: {} }),
  icloud_password: atPeer({
    ...{ address: 'idmsa.apple.com', part: 'password', others: account, environment: { icloud_username: 'docs' } },
  }),
  ftp_password: atPeer({
    ...{ address: 'ftp.example.test:21', part: 'password', others: account, says: words.ftp },
    environment: { ftp_host: 'ftp.example.test', ftp_username: 'docs' },
  }),
  dest_email_password: atPeer({
    ...{ address: 'mail.example.test:587', part: 'password', others: account, says: words.smtp },
    environment: {
      ...{ dest_email_host: 'mail.example.test', dest_email_username: 'docs' },
      dest_email_default_recipient: 'archive@example.test',
    },
  }),
  email_password: atPeer({
    ...{ address: 'mail.example.test:587', part: 'password', others: account, says: words.smtp },
    environment: { email_host: 'mail.example.test', email_username: 'docs' },
  }),
  imap1_password: mailbox('imap1'),
  imap2_password: mailbox('imap2'),
  meilisearch_api_key: atPeer({ address: 'meilisearch:7700', part: 'api_key', environment: {} }),
  stripe_secret_key: atPeer({ address: 'api.stripe.com', part: 'secret_key', environment: {} }),
  stripe_webhook_secret: alone({ stripe_secret_key: 'sk_test_x' }),
  document_intake_shared_secret: alone(),
  admin_password: alone(),
  async notification_urls() {
    const url = 'json://receiver.example.test/right';
    const peer = createPeer({ accepts: { url }, says: words.api });
    const options = { peers: { 'receiver.example.test': peer } };
    return Promise.resolve({
      options,
      right: url,
      wrong: 'json://receiver.example.test/dead',
      peer,
      stop: async () => {},
    });
  },
  async vector_index_api_key() {
    const openAi = await startOpenAiLab();
    const peer = createPeer({ accepts: { api_key: right }, says: words.api });
    const environment = {
      ...{ vector_index_enabled: 'true', vector_index_url: 'http://qdrant:6333', vector_index_collection: 'documents' },
      ...{ openai_base_url: openAi.baseUrl, openai_api_key: openAi.createUserKey('documents').value },
    };
    return { options: { environment, peers: { 'qdrant:6333': peer } }, right, wrong, peer, stop: () => openAi.stop() };
  },
};
