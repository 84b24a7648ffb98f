import { hosts } from '../../src/lab/docuelevate/clouds.js';
import type { Parts, Peer } from '../../src/lab/docuelevate/peers.js';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { type OAuthLab, startOAuthLab } from '../../src/lab/oauth/server.js';
import type { clouds } from './credentials.js';
import { among, fresh, oneOf, peerOf, type Site } from './site.js';

/** Asks a token endpoint for a refresh, as DocuElevate does. Returns the code of the refusal, or null. */
async function refresh({ tokenUrl, username }: OAuthLab, secret: string, token: string): Promise<string | null> {
  const form = { client_id: username, client_secret: secret, grant_type: 'refresh_token', refresh_token: token };
  const answer = await fetch(tokenUrl, { method: 'POST', body: new URLSearchParams(form) });
  const { error = null } = (await answer.json()) as { error?: string };
  return error;
}

function peerAt(cloud: OAuthLab, secretPart = 'client_secret'): Peer {
  return peerOf((parts) => refresh(cloud, parts[secretPart] ?? '', parts['refresh_token'] ?? ''));
}

const start = (username: string): Promise<OAuthLab> => startOAuthLab({ username, password: fresh() });
const clientOf = ({ tokenUrl, username: clientId }: OAuthLab) => ({ tokenUrl, clientId });
const secretProbe = (cloud: OAuthLab) => ({ protocol: 'oauth-client-secret', ...clientOf(cloud) });

/** The probe signs in with the secret that is in force. */
const tokenProbe = (cloud: OAuthLab, credential: keyof typeof clouds) => ({
  ...{ protocol: 'oauth-refresh-token', ...clientOf(cloud), clientSecret: { credential } },
});

/** An app has one secret, and any number of refresh tokens. */
async function dropboxSites() {
  const cloud = await start('dropbox-app');
  const app: Site = {
    ...oneOf(cloud),
    options: {
      environment: { dropbox_app_key: 'dropbox-app', dropbox_folder: 'in' },
      peers: { [hosts.dropbox]: peerAt(cloud, 'app_secret') },
    },
    provider: { name: 'Dropbox', probe: secretProbe(cloud) },
    stop: () => cloud.stop(),
  };
  const token: Site = {
    ...{ ...among(cloud.refreshTokens), options: {} },
    provider: { name: 'Dropbox', probe: tokenProbe(cloud, 'dropbox-app') },
  };
  return { 'dropbox-app': app, 'dropbox-token': token };
}

/** A client that acts for a person, and a service account. DocuElevate uses one of them at a time. */
async function googleSites() {
  const cloud = await start('google-client');
  const keys = new Set<string>();
  const asPerson = peerAt(cloud);
  const peer: Peer = {
    ...asPerson,
    logIn: (parts: Parts) =>
      'credentials_json' in parts ? whyNoKey(keys, parts['credentials_json']) : asPerson.logIn(parts),
  };
  const environment = { google_drive_client_id: 'google-client', google_drive_folder_id: 'folder' };
  const uses = (byPerson: boolean) => (docuelevate: DocuElevateLab) =>
    docuelevate.editSetting('google_drive_use_oauth', String(byPerson), 'a person');
  const person: Site = {
    ...{ ...among(cloud.secrets), prepare: uses(true) },
    options: { environment, peers: { [hosts.google]: peer } },
    provider: { name: 'Google', probe: secretProbe(cloud) },
    stop: () => cloud.stop(),
  };
  const token: Site = {
    ...{ ...among(cloud.refreshTokens), options: {}, prepare: uses(true) },
    provider: { name: 'Google', probe: tokenProbe(cloud, 'google-client') },
  };
  const issue = (): string => JSON.stringify({ type: 'service_account', private_key: fresh() });
  const service: Site = {
    ...{ ...among(keys, issue()), issue, options: {}, prepare: uses(false) },
    provider: { name: 'Google' },
  };
  return { 'google-client': person, 'google-token': token, 'google-service-account': service };
}

function whyNoKey(keys: ReadonlySet<string>, given = ''): string | null {
  return keys.has(given) ? null : 'invalid_grant';
}

/** One registration of an app serves both, as the guide says. Each has secrets and refresh tokens of its own there. */
async function microsoftSites() {
  const cloud = await start('registration');
  const sharePoint = 'contoso.sharepoint.com';
  const peers = { [hosts.oneDrive]: peerAt(cloud), [sharePoint]: peerAt(cloud) };
  const environment = {
    ...{ onedrive_client_id: 'registration', sharepoint_client_id: 'registration' },
    sharepoint_site_url: `https://${sharePoint}/sites/docs`,
  };
  const probe = { ...secretProbe(cloud), grant: 'client-credentials', scope: 'https://graph.microsoft.com/.default' };
  const secret = (): Site => ({ ...among(cloud.secrets), options: {}, provider: { name: 'Microsoft', probe } });
  const token = (): Site => ({ ...among(cloud.refreshTokens), options: {}, provider: { name: 'Microsoft' } });
  const consent = token();
  const options = { environment: { ...environment, onedrive_refresh_token: consent.first }, peers };
  return {
    'onedrive-client': { ...secret(), options, stop: () => cloud.stop() },
    ...{ 'onedrive-token': consent, 'sharepoint-client': secret(), 'sharepoint-token': token() },
  };
}

export async function startClouds(): Promise<Record<keyof typeof clouds, Site>> {
  return { ...(await dropboxSites()), ...(await googleSites()), ...(await microsoftSites()) };
}
