/** The engine's metadata of a setting. */
export interface SettingInfo {
  readonly category: string;
  readonly sensitive: boolean;
  /** What the engine reports, which is not always true. */
  readonly restartRequired: boolean;
  readonly type: string;
  readonly required: boolean;
  readonly environmentOnly: boolean;
  readonly options?: readonly string[];
}

/** Settings of one category, in the engine's order. */
type Group = readonly [category: string, keys: string];

const sensitive: readonly Group[] = [
  ['Core', 'database_url redis_url celery_broker_url celery_result_backend'],
  ['Authentication', 'session_secret session_secret_previous admin_password authentik_client_secret'],
  [
    'Social Login',
    'social_auth_google_client_secret social_auth_microsoft_client_secret social_auth_apple_private_key social_auth_dropbox_client_secret social_auth_github_client_secret social_auth_keycloak_client_secret social_auth_generic_oauth2_client_secret social_auth_saml2_certificate',
  ],
  [
    'AI Services',
    'openai_api_key anthropic_api_key gemini_api_key openrouter_api_key portkey_api_key portkey_virtual_key azure_ai_key',
  ],
  ['OCR Engines', 'mistral_api_key google_docai_credentials_json'],
  [
    'Storage Providers',
    'dropbox_app_secret dropbox_refresh_token nextcloud_password paperless_ngx_api_token evernote_auth_token google_drive_credentials_json google_drive_client_secret google_drive_refresh_token onedrive_client_secret onedrive_refresh_token sharepoint_client_secret sharepoint_refresh_token webdav_password ftp_password sftp_password sftp_private_key sftp_private_key_passphrase icloud_password aws_access_key_id aws_secret_access_key',
  ],
  ['Email', 'email_password'],
  ['Email Destination', 'dest_email_password'],
  ['IMAP', 'imap1_password imap2_password'],
  ['Notifications', 'telegram_bot_token notification_urls'],
  ['Core', 'meilisearch_api_key'],
  ['Security', 'audit_siem_http_token'],
  ['Billing', 'stripe_secret_key stripe_webhook_secret'],
  ['Observability', 'sentry_dsn'],
  [
    'Knowledge Bridge',
    'vector_index_api_key document_intake_shared_secret document_bridge_bearer_token document_bridge_shared_secret',
  ],
];

/** A few of the more than 300 other settings. */
const notSensitive: readonly Group[] = [
  ['Authentication', 'admin_username multi_user_enabled'],
  ['AI Services', 'openai_base_url ai_provider openai_model ai_model azure_endpoint azure_region'],
  ['OCR Engines', 'ocr_providers'],
  [
    'Storage Providers',
    'dropbox_enabled dropbox_app_key dropbox_folder google_drive_use_oauth google_drive_client_id google_drive_folder_id onedrive_enabled onedrive_client_id onedrive_tenant_id onedrive_folder_path sharepoint_client_id sharepoint_tenant_id sharepoint_site_url evernote_enabled icloud_enabled icloud_username nextcloud_enabled nextcloud_upload_url nextcloud_username nextcloud_folder paperless_host webdav_enabled webdav_url webdav_username webdav_folder ftp_enabled ftp_host ftp_port ftp_username ftp_folder ftp_use_tls ftp_allow_plaintext sftp_enabled sftp_host sftp_port sftp_username sftp_folder s3_enabled s3_bucket_name s3_folder_prefix aws_region',
  ],
  ['Email', 'email_host email_port email_username email_use_tls email_sender'],
  [
    'Email Destination',
    'dest_email_enabled dest_email_host dest_email_port dest_email_username dest_email_use_tls dest_email_sender dest_email_default_recipient',
  ],
  ['IMAP', 'imap1_host imap1_port imap1_username imap1_ssl imap2_host imap2_port imap2_username imap2_ssl'],
  ['Core', 'meilisearch_url'],
  ['Knowledge Bridge', 'vector_index_enabled vector_index_url vector_index_collection document_intake_shared_owner_id'],
  ['Feature Flags', 'allow_file_delete'],
  ['Processing', 'task_retry_delays'],
  ['Security', 'upload_rate_limit_per_user upload_rate_limit_window'],
];

const restartCategories = ['Core', 'Authentication', 'Social Login', 'Observability', 'Knowledge Bridge'];

const types: Readonly<Record<string, string>> = {
  notification_urls: 'list',
  task_retry_delays: 'list',
  ocr_providers: 'multiselect',
  aws_region: 'autocomplete',
  azure_region: 'autocomplete',
  openai_model: 'model_picker',
  vector_index_api_key: 'password',
  document_intake_shared_secret: 'password',
  document_bridge_bearer_token: 'password',
  document_bridge_shared_secret: 'password',
};

const options: Readonly<Record<string, readonly string[]>> = {
  ocr_providers: ['aws_textract', 'azure', 'easyocr', 'google_docai', 'mistral', 'tesseract'],
};

/** The engine's defaults, used where neither the database nor the environment has a value. */
export const defaults: ReadonlyMap<string, string> = new Map([
  ['openai_base_url', 'https://api.openai.com/v1'],
  ['ai_provider', 'openai'],
  ['openai_model', 'gpt-4o-mini'],
  ['ocr_providers', 'tesseract'],
  ['webdav_enabled', 'true'],
  ['nextcloud_enabled', 'true'],
  ['sftp_enabled', 'true'],
  ['dropbox_enabled', 'true'],
  ['onedrive_enabled', 'true'],
  ['evernote_enabled', 'true'],
  ['icloud_enabled', 'true'],
  ['ftp_enabled', 'true'],
  ['ftp_use_tls', 'true'],
  ['ftp_allow_plaintext', 'true'],
  ['google_drive_use_oauth', 'false'],
  ['onedrive_tenant_id', 'common'],
  ['sharepoint_tenant_id', 'common'],
  ['s3_enabled', 'true'],
  ['ftp_port', '21'],
  ['sftp_port', '22'],
  ['aws_region', 'us-east-1'],
  ['email_port', '587'],
  ['email_use_tls', 'true'],
  ['dest_email_enabled', 'true'],
  ['dest_email_port', '587'],
  ['dest_email_use_tls', 'true'],
  ['imap1_port', '993'],
  ['imap1_ssl', 'true'],
  ['imap2_port', '993'],
  ['imap2_ssl', 'true'],
  ['meilisearch_url', 'http://meilisearch:7700'],
  ['allow_file_delete', 'true'],
  ['task_retry_delays', '60,300,900'],
  ['multi_user_enabled', 'false'],
  ['upload_rate_limit_per_user', '20'],
  ['upload_rate_limit_window', '60'],
]);

/** Every setting of the lab: the engine's 60 sensitive ones and a few others. */
export const settingKeys: ReadonlyMap<string, SettingInfo> = new Map([
  ...infos(sensitive, true),
  ...infos(notSensitive, false),
]);

/** The engine's metadata for an unknown setting. */
export const unknownSetting: SettingInfo = {
  category: 'Other',
  sensitive: false,
  restartRequired: false,
  type: 'string',
  required: false,
  environmentOnly: false,
};

function infos(groups: readonly Group[], secret: boolean): [string, SettingInfo][] {
  return groups
    .flatMap(([category, keys]) => keys.split(' ').map((key) => [key, info(key, category, secret)] as const))
    .map(([key, each]) => [key, each]);
}

function info(key: string, category: string, secret: boolean): SettingInfo {
  const chosen = options[key];
  return {
    category,
    sensitive: secret,
    restartRequired: restartCategories.includes(category) || key === 'task_retry_delays',
    type: types[key] ?? typeByName(key),
    required: ['database_url', 'redis_url', 'session_secret'].includes(key),
    environmentOnly: key === 'session_secret_previous',
    ...(chosen ? { options: chosen } : {}),
  };
}

function typeByName(key: string): string {
  if (/_(port|limit_per_user|limit_window)$/.test(key)) return 'integer';
  return /_(enabled|use_tls|use_oauth|allow_plaintext|ssl)$|^allow_/.test(key) ? 'boolean' : 'string';
}
