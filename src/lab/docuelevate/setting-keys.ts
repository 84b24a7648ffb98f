/** What the engine knows about a setting. */
export interface SettingInfo {
  readonly category: string;
  readonly sensitive: boolean;
  /** What the engine says, which is not always what is true. */
  readonly restartRequired: boolean;
  readonly type: 'string' | 'list' | 'password' | 'boolean' | 'integer';
  readonly required: boolean;
  readonly environmentOnly: boolean;
}

const sensitiveKeys: Readonly<Record<string, readonly string[]>> = {
  Core: ['database_url', 'redis_url', 'celery_broker_url', 'celery_result_backend', 'meilisearch_api_key'],
  Authentication: ['session_secret', 'session_secret_previous', 'admin_password', 'authentik_client_secret'],
  'Social Login': [
    'social_auth_google_client_secret',
    'social_auth_microsoft_client_secret',
    'social_auth_dropbox_client_secret',
    'social_auth_github_client_secret',
    'social_auth_keycloak_client_secret',
    'social_auth_generic_oauth2_client_secret',
    'social_auth_apple_private_key',
    'social_auth_saml2_certificate',
  ],
  'AI Services': [
    'openai_api_key',
    'anthropic_api_key',
    'gemini_api_key',
    'openrouter_api_key',
    'portkey_api_key',
    'portkey_virtual_key',
    'azure_ai_key',
  ],
  'OCR Engines': ['mistral_api_key', 'google_docai_credentials_json'],
  'Storage Providers': [
    'dropbox_app_secret',
    'dropbox_refresh_token',
    'nextcloud_password',
    'paperless_ngx_api_token',
    'evernote_auth_token',
    'google_drive_credentials_json',
    'google_drive_client_secret',
    'google_drive_refresh_token',
    'onedrive_client_secret',
    'onedrive_refresh_token',
    'sharepoint_client_secret',
    'sharepoint_refresh_token',
    'webdav_password',
    'ftp_password',
    'sftp_password',
    'sftp_private_key',
    'sftp_private_key_passphrase',
    'icloud_password',
    'aws_access_key_id',
    'aws_secret_access_key',
  ],
  Email: ['email_password'],
  'Email Destination': ['dest_email_password'],
  IMAP: ['imap1_password', 'imap2_password'],
  Notifications: ['telegram_bot_token', 'notification_urls'],
  Security: ['audit_siem_http_token'],
  Billing: ['stripe_secret_key', 'stripe_webhook_secret'],
  Observability: ['sentry_dsn'],
  'Knowledge Bridge': [
    'vector_index_api_key',
    'document_intake_shared_secret',
    'document_bridge_bearer_token',
    'document_bridge_shared_secret',
  ],
};

/** A few of the more than three hundred others. */
const openKeys: Readonly<Record<string, readonly string[]>> = {
  Core: ['allow_file_delete'],
  Authentication: ['admin_username'],
  'AI Services': ['openai_base_url', 'openai_model', 'azure_endpoint'],
  'OCR Engines': ['ocr_providers'],
  'Storage Providers': ['dropbox_app_key'],
  IMAP: ['imap1_port'],
};

const restartCategories = ['Core', 'Authentication', 'Social Login', 'Observability', 'Knowledge Bridge'];

const types: Readonly<Record<string, SettingInfo['type']>> = {
  notification_urls: 'list',
  allow_file_delete: 'boolean',
  imap1_port: 'integer',
  vector_index_api_key: 'password',
  document_intake_shared_secret: 'password',
  document_bridge_bearer_token: 'password',
  document_bridge_shared_secret: 'password',
};

/** Every setting of the lab: the engine's 60 sensitive ones and a few others. */
export const settingKeys: ReadonlyMap<string, SettingInfo> = new Map([
  ...infos(sensitiveKeys, true),
  ...infos(openKeys, false),
]);

function infos(keys: Readonly<Record<string, readonly string[]>>, sensitive: boolean): [string, SettingInfo][] {
  const named = Object.entries(keys).flatMap(([category, names]) => names.map((key) => ({ key, category })));
  return named.map(({ key, category }) => [key, info(key, category, sensitive)]);
}

function info(key: string, category: string, sensitive: boolean): SettingInfo {
  return {
    category,
    sensitive,
    restartRequired: sensitive && restartCategories.includes(category),
    type: types[key] ?? 'string',
    required: ['database_url', 'redis_url', 'session_secret'].includes(key),
    environmentOnly: key === 'session_secret_previous',
  };
}
