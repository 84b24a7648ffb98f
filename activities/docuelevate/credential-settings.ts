/** How it shows that DocuElevate uses a value. */
export interface Proof {
  /** The step of a document's processing that fails with a wrong value. */
  readonly step?: string;
  /** An endpoint that tries the value that is stored, or one that is posted. */
  readonly test?: string;
}

/** The settings that name the account which a password signs in to. */
export interface LoginSettings {
  /** Holds a host name, or an address. */
  readonly host: string;
  readonly username: string;
  /** A mailbox: its servers for sending and for reading may have different names. */
  readonly mailbox?: true;
}

interface Common {
  /** Title of the guide's section, as printed there; left out where the guide has none. */
  readonly section?: string;
  readonly proof?: Proof;
  /** Of a password alone: a key or a token belongs to one system. */
  readonly login?: LoginSettings;
  /** Why neither a document nor an endpoint shows its use, for people. */
  readonly unseen?: string;
  /** A new value counts only after a restart, whatever the API answers about it. */
  readonly restart?: true;
}

/**
 * What becomes of a credential setting:
 * - `value`: it has a value of its own to rotate. The catalog knows whether a procedure does that yet.
 * - `part`: it changes together with the setting named in `of`.
 * - `environment`: only the environment counts. A write by the API succeeds and changes nothing.
 * - `unread`: no code of DocuElevate reads it, so there is nothing to rotate.
 */
export type CredentialSetting = Common &
  ({ readonly kind: 'value' | 'environment' | 'unread' } | { readonly kind: 'part'; readonly of: string });

const environment = { kind: 'environment', restart: true } as const;
const unread = { kind: 'unread' } as const;

const value = (proof: Proof, section?: string) =>
  ({ kind: 'value', proof, ...(section !== undefined && { section }) }) as const;
const byStep = (step: string, section?: string) => value({ step }, section);
const byTest = (test: string, section?: string) => value({ test }, section);
const byBoth = (step: string, test: string, section?: string) => value({ step, test }, section);

const account = (name: string, host = `${name}_host`) => ({ login: { host, username: `${name}_username` } });
const mailbox = (name: string) =>
  ({
    login: { host: `${name}_host`, username: `${name}_username`, mailbox: true },
  }) as const;

/** A client secret is used by a whole sign-in alone. Processes that did not serve the write keep the old one until a restart. */
const bySignIn = (provider: string) => ({
  ...byTest(`GET /social-login/${provider}`),
  unseen: 'only a whole sign-in of a person uses it',
});
const unseen = (why: string) => ({ kind: 'value', unseen: why }) as const;
const bridge = {
  ...byStep('deliver_document_bridge'),
  unseen: 'the task that delivers documents with it writes no log line',
} as const;

const ai = 'extract_metadata_with_gpt';
const dropbox = 'Dropbox App Credentials & Refresh Token';
const dropboxTest = 'GET /api/dropbox/test-token';
const google = 'Google Drive OAuth Credentials';
const googleTest = 'GET /api/google-drive/test-token';
const oneDriveTest = 'GET /api/onedrive/test-token';
const ftpSftpWebdav = 'FTP / SFTP / WebDAV Passwords';

/** Every credential setting of DocuElevate 0.188.6, in the order of GET /api/settings/credentials. */
export const credentialSettings: Readonly<Record<string, CredentialSetting>> = {
  database_url: { ...environment, proof: { test: 'GET /api/diagnostic/healthz/ready' } },
  redis_url: { ...environment, proof: { test: 'GET /api/diagnostic/healthz/ready' } },
  celery_broker_url: { ...environment, proof: { test: 'GET /api/queue/stats' } },
  celery_result_backend: { ...environment, proof: { test: 'GET /api/queue/stats' } },
  session_secret: {
    ...environment,
    section: 'SESSION_SECRET',
    unseen: 'only the tool app.rotate_encryption_key --verify-only shows it, in the environment of DocuElevate',
  },
  session_secret_previous: { kind: 'part', of: 'session_secret', restart: true },
  admin_password: byTest('POST /auth', 'Admin Password'),
  authentik_client_secret: {
    ...byTest('GET /oauth-login', 'Authentik (OIDC)'),
    unseen: 'only a whole sign-in of a person uses it',
  },
  social_auth_google_client_secret: bySignIn('google'),
  social_auth_microsoft_client_secret: bySignIn('microsoft'),
  social_auth_apple_private_key: unread,
  social_auth_dropbox_client_secret: bySignIn('dropbox'),
  social_auth_github_client_secret: bySignIn('github'),
  social_auth_keycloak_client_secret: bySignIn('keycloak'),
  social_auth_generic_oauth2_client_secret: bySignIn('generic_oauth2'),
  social_auth_saml2_certificate: unread,
  openai_api_key: byBoth(ai, 'GET /api/openai/test', 'OpenAI API Key'),
  anthropic_api_key: byBoth(ai, 'GET /api/ai/test'),
  gemini_api_key: byBoth(ai, 'GET /api/ai/test'),
  openrouter_api_key: byBoth(ai, 'GET /api/ai/test'),
  portkey_api_key: byBoth(ai, 'GET /api/ai/test'),
  portkey_virtual_key: byBoth(ai, 'GET /api/ai/test'),
  azure_ai_key: byBoth('process_with_ocr', 'GET /api/azure/test', 'Azure Document Intelligence Key'),
  mistral_api_key: byStep('process_with_ocr'),
  google_docai_credentials_json: byStep('process_with_ocr'),
  dropbox_app_secret: byBoth('upload_to_dropbox', dropboxTest, dropbox),
  dropbox_refresh_token: byBoth('upload_to_dropbox', dropboxTest, dropbox),
  nextcloud_password: {
    ...byStep('upload_to_nextcloud', 'Nextcloud Password / App Password'),
    ...account('nextcloud', 'nextcloud_upload_url'),
  },
  paperless_ngx_api_token: byStep('upload_to_paperless', 'Paperless-ngx API Token'),
  evernote_auth_token: byStep('upload_to_evernote'),
  google_drive_credentials_json: byBoth('upload_to_google_drive', googleTest, google),
  google_drive_client_secret: byBoth('upload_to_google_drive', googleTest, google),
  google_drive_refresh_token: byBoth('upload_to_google_drive', googleTest, google),
  onedrive_client_secret: byBoth('upload_to_onedrive', oneDriveTest, 'OneDrive (Microsoft OAuth)'),
  onedrive_refresh_token: byBoth('upload_to_onedrive', oneDriveTest, 'OneDrive (Microsoft OAuth)'),
  sharepoint_client_secret: byStep('upload_to_sharepoint', 'SharePoint (Microsoft OAuth)'),
  sharepoint_refresh_token: byStep('upload_to_sharepoint', 'SharePoint (Microsoft OAuth)'),
  webdav_password: { ...byStep('upload_to_webdav', ftpSftpWebdav), ...account('webdav', 'webdav_url') },
  ftp_password: { ...byStep('upload_to_ftp', ftpSftpWebdav), ...account('ftp') },
  sftp_password: { ...byStep('upload_to_sftp', ftpSftpWebdav), ...account('sftp') },
  sftp_private_key: byStep('upload_to_sftp', 'SFTP Private Key'),
  sftp_private_key_passphrase: { kind: 'part', of: 'sftp_private_key', proof: { step: 'upload_to_sftp' } },
  icloud_password: byStep('upload_to_icloud'),
  aws_access_key_id: { kind: 'part', of: 'aws_secret_access_key', proof: { step: 'upload_to_s3' } },
  aws_secret_access_key: byStep('upload_to_s3', 'AWS S3 Access Keys'),
  email_password: {
    ...byTest('POST /api/admin/users/local/{id}/send-password-reset', 'SMTP / Email Password'),
    ...mailbox('email'),
  },
  dest_email_password: { ...byStep('upload_to_email'), ...mailbox('dest_email') },
  imap1_password: { ...byTest('POST /api/imap-accounts/test', 'IMAP Passwords'), ...mailbox('imap1') },
  imap2_password: { ...byTest('POST /api/imap-accounts/test', 'IMAP Passwords'), ...mailbox('imap2') },
  telegram_bot_token: unread,
  notification_urls: { ...byTest('POST /api/diagnostic/test-notification'), restart: true },
  meilisearch_api_key: byTest('GET /api/search'),
  audit_siem_http_token: unseen('only the next audit event uses it, and DocuElevate does not show how it was answered'),
  stripe_secret_key: byTest('GET /api/billing/stripe/status'),
  stripe_webhook_secret: byTest('POST /api/billing/webhook'),
  sentry_dsn: { ...unseen('only the next error report uses it, and DocuElevate shows none of them'), restart: true },
  vector_index_api_key: byTest('POST /api/integrations/test'),
  document_intake_shared_secret: byTest('POST /api/intake/documents'),
  document_bridge_bearer_token: bridge,
  document_bridge_shared_secret: bridge,
};

/** Keys of settings that a newer DocuElevate has. */
export function unknownAmong(settings: readonly { readonly key: string }[]): string[] {
  return settings.flatMap(({ key }) => (Object.hasOwn(credentialSettings, key) ? [] : [key]));
}
