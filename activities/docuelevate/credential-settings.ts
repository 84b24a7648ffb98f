import { durationMs } from '../../src/domain/duration.js';
import type { Recommendation } from '../../src/domain/procedure.js';
import { type ValueTypeName, valueTypes } from './value-types.js';

/** The headings under "Per-Credential Rotation Procedures" of the guide, in its order. */
export const guideSections = [
  'OpenAI API Key',
  'Azure Document Intelligence Key',
  'AWS S3 Access Keys',
  'Dropbox App Credentials & Refresh Token',
  'Google Drive OAuth Credentials',
  'OneDrive (Microsoft OAuth)',
  'SharePoint (Microsoft OAuth)',
  'Authentik (OIDC)',
  'Paperless-ngx API Token',
  'SMTP / Email Password',
  'IMAP Passwords',
  'Nextcloud Password / App Password',
  'FTP / SFTP / WebDAV Passwords',
  'SFTP Private Key',
  'Admin Password',
  'SESSION_SECRET',
] as const;
export type GuideSection = (typeof guideSections)[number];

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
  readonly section?: GuideSection;
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
  (
    | { readonly kind: 'value' | 'environment'; readonly type: ValueTypeName }
    | { readonly kind: 'unread' }
    | { readonly kind: 'part'; readonly of: string }
  );

const unread = { kind: 'unread' } as const;

const environment = (type: ValueTypeName) => ({ kind: 'environment', type, restart: true }) as const;
const value = (type: ValueTypeName, proof: Proof, section?: GuideSection) =>
  ({ kind: 'value', type, proof, ...(section !== undefined && { section }) }) as const;

const account = (name: string, host = `${name}_host`) => ({ login: { host, username: `${name}_username` } });
const mailbox = (name: string) =>
  ({
    login: { host: `${name}_host`, username: `${name}_username`, mailbox: true },
  }) as const;

/** A client secret is used by a whole sign-in alone. Processes that did not serve the write keep the old one until a restart. */
const bySignIn = (provider: string) => ({
  ...value('clientSecret', { test: `GET /social-login/${provider}` }),
  unseen: 'only a whole sign-in of a person uses it',
});
const unseen = (why: string) => ({ kind: 'value', type: 'apiKey', unseen: why }) as const;
const bridge = {
  ...value('apiKey', { step: 'deliver_document_bridge' }),
  unseen: 'the task that delivers documents with it writes no log line',
} as const;

const ai = { step: 'extract_metadata_with_gpt', test: 'GET /api/ai/test' } as const;
const ocr = { step: 'process_with_ocr' } as const;
const dropbox = { step: 'upload_to_dropbox', test: 'GET /api/dropbox/test-token' } as const;
const googleDrive = { step: 'upload_to_google_drive', test: 'GET /api/google-drive/test-token' } as const;
const oneDrive = { step: 'upload_to_onedrive', test: 'GET /api/onedrive/test-token' } as const;
const sharePoint = { step: 'upload_to_sharepoint' } as const;
const imap = { test: 'POST /api/imap-accounts/test' } as const;
const files = 'FTP / SFTP / WebDAV Passwords';

/** Every credential setting of DocuElevate 0.188.6, in the order of GET /api/settings/credentials. */
export const credentialSettings: Readonly<Record<string, CredentialSetting>> = {
  database_url: { ...environment('password'), proof: { test: 'GET /api/diagnostic/healthz/ready' } },
  redis_url: { ...environment('password'), proof: { test: 'GET /api/diagnostic/healthz/ready' } },
  celery_broker_url: { ...environment('password'), proof: { test: 'GET /api/queue/stats' } },
  celery_result_backend: { ...environment('password'), proof: { test: 'GET /api/queue/stats' } },
  session_secret: {
    ...environment('sessionSecret'),
    section: 'SESSION_SECRET',
    unseen: 'only the tool app.rotate_encryption_key --verify-only shows it, in the environment of DocuElevate',
  },
  session_secret_previous: { kind: 'part', of: 'session_secret', restart: true },
  admin_password: value('adminPassword', { test: 'POST /auth' }, 'Admin Password'),
  authentik_client_secret: {
    ...value('clientSecret', { test: 'GET /oauth-login' }, 'Authentik (OIDC)'),
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
  openai_api_key: value('apiKey', { step: ai.step, test: 'GET /api/openai/test' }, 'OpenAI API Key'),
  anthropic_api_key: value('apiKey', ai),
  gemini_api_key: value('apiKey', ai),
  openrouter_api_key: value('apiKey', ai),
  portkey_api_key: value('apiKey', ai),
  portkey_virtual_key: value('apiKey', ai),
  azure_ai_key: value('apiKey', { ...ocr, test: 'GET /api/azure/test' }, 'Azure Document Intelligence Key'),
  mistral_api_key: value('apiKey', ocr),
  google_docai_credentials_json: value('privateKey', ocr),
  dropbox_app_secret: value('clientSecret', dropbox, 'Dropbox App Credentials & Refresh Token'),
  dropbox_refresh_token: value('refreshToken', dropbox, 'Dropbox App Credentials & Refresh Token'),
  nextcloud_password: {
    ...value('password', { step: 'upload_to_nextcloud' }, 'Nextcloud Password / App Password'),
    ...account('nextcloud', 'nextcloud_upload_url'),
  },
  paperless_ngx_api_token: value('apiKey', { step: 'upload_to_paperless' }, 'Paperless-ngx API Token'),
  evernote_auth_token: value('apiKey', { step: 'upload_to_evernote' }),
  google_drive_credentials_json: value('privateKey', googleDrive, 'Google Drive OAuth Credentials'),
  google_drive_client_secret: value('clientSecret', googleDrive, 'Google Drive OAuth Credentials'),
  google_drive_refresh_token: value('refreshToken', googleDrive, 'Google Drive OAuth Credentials'),
  onedrive_client_secret: value('clientSecret', oneDrive, 'OneDrive (Microsoft OAuth)'),
  onedrive_refresh_token: value('refreshToken', oneDrive, 'OneDrive (Microsoft OAuth)'),
  sharepoint_client_secret: value('clientSecret', sharePoint, 'SharePoint (Microsoft OAuth)'),
  sharepoint_refresh_token: value('refreshToken', sharePoint, 'SharePoint (Microsoft OAuth)'),
  webdav_password: { ...value('password', { step: 'upload_to_webdav' }, files), ...account('webdav', 'webdav_url') },
  ftp_password: { ...value('password', { step: 'upload_to_ftp' }, files), ...account('ftp') },
  sftp_password: { ...value('password', { step: 'upload_to_sftp' }, files), ...account('sftp') },
  sftp_private_key: value('privateKey', { step: 'upload_to_sftp' }, 'SFTP Private Key'),
  sftp_private_key_passphrase: { kind: 'part', of: 'sftp_private_key', proof: { step: 'upload_to_sftp' } },
  icloud_password: value('password', { step: 'upload_to_icloud' }),
  aws_access_key_id: { kind: 'part', of: 'aws_secret_access_key', proof: { step: 'upload_to_s3' } },
  aws_secret_access_key: value('apiKey', { step: 'upload_to_s3' }, 'AWS S3 Access Keys'),
  email_password: {
    ...value('password', { test: 'POST /api/admin/users/local/{id}/send-password-reset' }, 'SMTP / Email Password'),
    ...mailbox('email'),
  },
  dest_email_password: { ...value('password', { step: 'upload_to_email' }), ...mailbox('dest_email') },
  imap1_password: { ...value('password', imap, 'IMAP Passwords'), ...mailbox('imap1') },
  imap2_password: { ...value('password', imap, 'IMAP Passwords'), ...mailbox('imap2') },
  telegram_bot_token: unread,
  notification_urls: { ...value('apiKey', { test: 'POST /api/diagnostic/test-notification' }), restart: true },
  meilisearch_api_key: value('apiKey', { test: 'GET /api/search' }),
  audit_siem_http_token: unseen('only the next audit event uses it, and DocuElevate does not show how it was answered'),
  stripe_secret_key: value('apiKey', { test: 'GET /api/billing/stripe/status' }),
  stripe_webhook_secret: value('apiKey', { test: 'POST /api/billing/webhook' }),
  sentry_dsn: { ...unseen('only the next error report uses it, and DocuElevate shows none of them'), restart: true },
  vector_index_api_key: value('apiKey', { test: 'POST /api/integrations/test' }),
  document_intake_shared_secret: value('apiKey', { test: 'POST /api/intake/documents' }),
  document_bridge_bearer_token: bridge,
  document_bridge_shared_secret: bridge,
};

/** Keys of settings that a newer DocuElevate has. */
export function unknownAmong(settings: readonly { readonly key: string }[]): string[] {
  return settings.flatMap(({ key }) => (Object.hasOwn(credentialSettings, key) ? [] : [key]));
}

/**
 * When the guide has a value rotated that feeds these settings: the shortest of their intervals, and every occasion. Null when none of
 * them has a value to rotate.
 */
export function recommendationFor(settings: readonly string[]): Recommendation | null {
  const types: Recommendation[] = settings.flatMap((key) => typeOf(key) ?? []).map((type) => valueTypes[type]);
  if (types.length === 0) return null;
  const [every = null] = types.flatMap((type) => type.every ?? []).sort((a, b) => durationMs(a) - durationMs(b));
  const occasions = new Set(types.flatMap(({ occasion }) => occasion ?? []));
  return { every, ...(occasions.size > 0 && { occasion: [...occasions].join(' or ') }) };
}

/** What a setting holds; null where there is nothing to rotate. */
export function typeOf(key: string): ValueTypeName | null {
  const setting = Object.hasOwn(credentialSettings, key) ? credentialSettings[key] : undefined;
  if (!setting || setting.kind === 'unread') return null;
  return setting.kind === 'part' ? typeOf(setting.of) : setting.type;
}
