/** The credentials of the walk by their names in the configuration, each with the settings that take its value. */
type Credentials = Readonly<Record<string, readonly string[]>>;

/** Rotated without a person. The names are those of the scenarios. */
export const automatic = {
  openai: ['openai_api_key'],
  azure: ['azure_ai_key'],
  s3: ['aws_access_key_id', 'aws_secret_access_key'],
  paperless: ['paperless_ngx_api_token'],
  nextcloud: ['nextcloud_password'],
  sftp: ['sftp_private_key_passphrase', 'sftp_private_key'],
} as const satisfies Credentials;

/** A person rotates them in the console of a cloud. */
export const clouds = {
  'dropbox-app': ['dropbox_app_secret'],
  'dropbox-token': ['dropbox_refresh_token'],
  'google-service-account': ['google_drive_credentials_json'],
  'google-client': ['google_drive_client_secret'],
  'google-token': ['google_drive_refresh_token'],
  'onedrive-client': ['onedrive_client_secret'],
  'onedrive-token': ['onedrive_refresh_token'],
  'sharepoint-client': ['sharepoint_client_secret'],
  'sharepoint-token': ['sharepoint_refresh_token'],
} as const satisfies Credentials;

/** A person rotates them at a server. */
export const passwords = {
  authentik: ['authentik_client_secret'],
  smtp: ['email_password'],
  imap1: ['imap1_password'],
  imap2: ['imap2_password'],
  webdav: ['webdav_password'],
  ftp: ['ftp_password'],
  'sftp-password': ['sftp_password'],
  admin: ['admin_password'],
} as const satisfies Credentials;

/** Settings of other kinds, which the guide has no section for, and one password that feeds three settings. */
export const others = {
  ai: ['anthropic_api_key'],
  evernote: ['evernote_auth_token'],
  icloud: ['icloud_password'],
  mailbox: ['email_password', 'dest_email_password', 'imap1_password'],
  billing: ['stripe_secret_key'],
  intake: ['document_intake_shared_secret'],
  errors: ['sentry_dsn'],
} as const satisfies Credentials;
