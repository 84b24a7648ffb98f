import type { Overlap } from '../../src/domain/procedure.js';
import type { ProbeSection } from '../probes/probes.js';

/** How a person creates and revokes one kind of value: the steps of the guide's section, or of the vendor's page. */
export interface Ways {
  /** Where. Left out where it is a server of one's own. */
  readonly page?: string;
  readonly create: readonly string[];
  readonly revoke: readonly string[];
  /** Whether a new value works beside the old one there; `both-valid` when left out. */
  readonly overlap?: Overlap;
  /** The probe that shows whether a value is accepted there; left out where none is known to. */
  readonly probe?: ProbeSection['protocol'];
  /** DocuElevate itself checks the value: nothing is told to another system, and the write ends the old value. */
  readonly checkedByEngine?: true;
}

const password: Ways = {
  create: ['Change the password of the account on the server, or at the mail or file service'],
  revoke: ['Make sure that the old password is gone: remove a second account or an app password that still has it'],
  overlap: 'single',
};
const passwordBy = (probe: ProbeSection['protocol']): Ways => ({ ...password, probe });

const clientSecret = (page: string, where: string): Ways => ({
  page,
  create: [`Open ${where}`, 'Add a new client secret beside the old one, and copy its value'],
  revoke: [`Open ${where}`, 'Delete the old client secret'],
});

const key = (page: string): Ways => ({
  page,
  create: ['Create a new key, and copy it: it is shown once'],
  revoke: ['Delete the old key'],
});

const asClient = { probe: 'oauth-client-secret' } as const;
const asToken = { probe: 'oauth-refresh-token' } as const;
const entra = {
  ...clientSecret('https://portal.azure.com', 'App registrations, your app, Certificates & secrets'),
  ...asClient,
};
const google = {
  ...clientSecret(
    'https://console.cloud.google.com/apis/credentials',
    'APIs & Services, Credentials, your OAuth client',
  ),
  ...asClient,
};
const googleKey: Ways = {
  page: 'https://console.cloud.google.com/iam-admin/serviceaccounts',
  create: ['Open the service account, Keys', 'Create a new key of type JSON', 'Give its JSON as one line'],
  revoke: ['Open the service account, Keys', 'Delete the old key'],
};

const consent = (page: string, where: string): Ways => ({
  page,
  create: [`Authorize DocuElevate anew at ${where}, as its documentation describes`, 'Copy the new refresh token'],
  revoke: [`Revoke the old authorization at ${where}`],
});

const dropbox = 'https://www.dropbox.com/developers/apps';
/** Microsoft replaces a refresh token at each use, so a probe would end what it asks about. */
const microsoft = consent('https://account.microsoft.com/privacy/app-access', 'Microsoft');

/** By setting. Others have no page and no steps of their own. */
const ways: Readonly<Record<string, Ways>> = {
  openai_api_key: key('https://platform.openai.com/api-keys'),
  anthropic_api_key: key('https://console.anthropic.com/settings/keys'),
  gemini_api_key: key('https://aistudio.google.com/apikey'),
  openrouter_api_key: key('https://openrouter.ai/settings/keys'),
  portkey_api_key: key('https://app.portkey.ai'),
  portkey_virtual_key: key('https://app.portkey.ai'),
  mistral_api_key: key('https://console.mistral.ai/api-keys'),
  azure_ai_key: {
    page: 'https://portal.azure.com',
    create: [
      'Open the Document Intelligence resource, Keys and Endpoint',
      'Regenerate the key that DocuElevate does not use',
    ],
    revoke: ['Open the Document Intelligence resource, Keys and Endpoint', 'Regenerate the other key'],
  },
  aws_access_key_id: {
    page: 'https://console.aws.amazon.com/iam',
    create: ['Open the user, Security credentials', 'Create an access key, and copy both of its parts'],
    revoke: ['Open the user, Security credentials', 'Deactivate the old access key, and delete it after 24 hours'],
  },
  dropbox_app_secret: {
    page: dropbox,
    create: ['Open the app, Settings', 'Generate a new app secret: the old one ends at once'],
    revoke: ['Make sure that the app has no other secret'],
    ...asClient,
    overlap: 'single',
  },
  dropbox_refresh_token: { ...consent(dropbox, 'Dropbox'), ...asToken },
  google_drive_client_secret: google,
  google_drive_refresh_token: { ...consent('https://myaccount.google.com/connections', 'Google'), ...asToken },
  google_drive_credentials_json: googleKey,
  google_docai_credentials_json: googleKey,
  onedrive_client_secret: entra,
  onedrive_refresh_token: microsoft,
  sharepoint_client_secret: entra,
  sharepoint_refresh_token: microsoft,
  social_auth_google_client_secret: google,
  social_auth_microsoft_client_secret: entra,
  social_auth_github_client_secret: clientSecret('https://github.com/settings/developers', 'OAuth Apps, your app'),
  authentik_client_secret: {
    create: ['Open the DocuElevate provider in the admin interface of Authentik', 'Generate a new client secret'],
    revoke: ['Make sure that the provider has no other secret'],
    ...asClient,
    overlap: 'single',
  },
  paperless_ngx_api_token: {
    create: ['Sign in to Paperless-ngx, and open the profile of the user', 'Generate a new token'],
    revoke: ['Make sure that no other user still has the old token'],
    overlap: 'single',
  },
  nextcloud_password: {
    create: ['Open Settings, Security in Nextcloud', 'Create a new app password'],
    revoke: ['Open Settings, Security in Nextcloud', 'Revoke the old app password'],
  },
  ...{ email_password: passwordBy('smtp'), dest_email_password: passwordBy('smtp') },
  ...{ imap1_password: passwordBy('imap'), imap2_password: passwordBy('imap') },
  ...{ ftp_password: passwordBy('ftp'), sftp_password: passwordBy('sftp'), webdav_password: passwordBy('webdav') },
  admin_password: {
    create: ['Keep the new password where its users find it. Keyturn sets it in DocuElevate: do not change it there'],
    revoke: ['Set a password that nobody knows'],
    ...{ overlap: 'single', checkedByEngine: true },
  },
  evernote_auth_token: key('https://dev.evernote.com'),
  icloud_password: {
    page: 'https://account.apple.com',
    create: ['Open Sign-In and Security, App-Specific Passwords', 'Generate a new one'],
    revoke: ['Open Sign-In and Security, App-Specific Passwords', 'Revoke the old one'],
  },
  stripe_secret_key: key('https://dashboard.stripe.com/apikeys'),
  sentry_dsn: {
    page: 'https://sentry.io',
    create: ['Open the project, Client Keys', 'Create a new client key, and copy its DSN'],
    revoke: ['Open the project, Client Keys', 'Delete the old client key'],
  },
};

const other: Ways = { create: ['Create a new value, and copy it'], revoke: ['Revoke the old value'] };

export function waysOf(setting: string): Ways {
  return ways[setting] ?? (setting.endsWith('_password') ? password : other);
}
