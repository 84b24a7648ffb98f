import { anotherName } from './delivery.js';
import type { DestinationRow, Sending } from './destinations.js';
import { isOn } from './ftp.js';
import { type Parts, type Peer, peerAt, type Peers } from './peers.js';

/** Reads a setting; empty when there is none. */
export type Reader = (key: string) => string;

/** Addresses of services that no setting of DocuElevate changes. */
export const hosts = {
  dropbox: 'api.dropboxapi.com',
  google: 'oauth2.googleapis.com',
  oneDrive: 'graph.microsoft.com',
  evernote: 'www.evernote.com',
  iCloud: 'idmsa.apple.com',
} as const;

export const dropbox: DestinationRow = {
  name: 'dropbox',
  title: 'Dropbox',
  needs: ['dropbox_app_key', 'dropbox_app_secret', 'dropbox_refresh_token'],
  skipsUnconfigured: true,
  words: (name, why) =>
    why === 'invalid_grant'
      ? `Authentication failed while uploading ${name} to Dropbox. Check token.`
      : `Unexpected error uploading ${name} to Dropbox: ${why}`,
  async upload({ name, setting, peers, note }) {
    const { peer, refusal } = await tryDropbox(setting, peers);
    if (refusal !== null) throw new Error(refusal === 'invalid_grant' ? refusal : badInput(refusal));
    const wanted = `/${setting('dropbox_folder')}/${name}`.replaceAll(/\/+/g, '/');
    const path = peer.has(wanted) ? anotherName(wanted) : wanted;
    await note('upload_file', 'in_progress', `Uploading to ${path}`);
    return taken(peer, path);
  },
};

function badInput(error: string): string {
  const description = 'Invalid client_id or client_secret';
  return `BadInputError(None, '{"error": "${error}: ${description}", "error_description": "${description}"}')`;
}

export function tryDropbox(setting: Reader, peers: Peers) {
  const parts = { app_secret: setting('dropbox_app_secret'), refresh_token: setting('dropbox_refresh_token') };
  return tryAt(peers, hosts.dropbox, parts);
}

/** Each upload makes a new file, even under the same name. Only the worker's own log tells the cause of a failure. */
export const googleDrive: DestinationRow = {
  name: 'google_drive',
  title: 'Google Drive',
  needs: (setting) => [...googleParts(setting), 'google_drive_folder_id'],
  words: (name, why) => `Failed to upload ${name} to Google Drive: ${why}`,
  again: { losesDocument: true },
  async upload({ name, setting, peers }) {
    const tried = await tryGoogle(setting, peers).catch(() => null);
    if (tried?.refusal !== null) return { refused: 'Failed to initialize Google Drive service' };
    return taken(tried.peer, name);
  },
};

function googleParts(setting: Reader): string[] {
  const parts = isOn(setting('google_drive_use_oauth'))
    ? ['client_id', 'client_secret', 'refresh_token']
    : ['credentials_json'];
  return parts.map((part) => `google_drive_${part}`);
}

/** Consent of a person, or a service account. */
export function tryGoogle(setting: Reader, peers: Peers) {
  const keys = googleParts(setting).filter((key) => key !== 'google_drive_client_id');
  return tryAt(
    peers,
    hosts.google,
    Object.fromEntries(keys.map((key) => [key.replace('google_drive_', ''), setting(key)])),
  );
}

export const oneDrive: DestinationRow = {
  name: 'onedrive',
  title: 'OneDrive',
  needs: ['onedrive_client_id', 'onedrive_client_secret', 'onedrive_refresh_token'],
  words: (name, why) => `Failed to upload ${name} to OneDrive: ${why}`,
  async upload({ name, setting, peers }) {
    const { peer, refusal } = await tryOneDrive(setting, peers);
    if (refusal !== null) throw new Error(`Failed to get access token: ${byMicrosoft(refusal)}`);
    return taken(peer, name);
  },
};

export function tryOneDrive(setting: Reader, peers: Peers) {
  const parts = {
    client_secret: setting('onedrive_client_secret'),
    refresh_token: setting('onedrive_refresh_token'),
  };
  return tryAt(peers, hosts.oneDrive, parts);
}

/** With a refresh token on behalf of a person; without one as the app itself. Nothing switches it off. */
export const sharePoint: DestinationRow = {
  name: 'sharepoint',
  title: 'SharePoint',
  enabledBy: null,
  needs: ['sharepoint_client_id', 'sharepoint_client_secret', 'sharepoint_site_url'],
  words: (name, why) => `Failed to upload ${name} to SharePoint: ${why}`,
  async upload({ name, setting, peers }) {
    const refreshToken = setting('sharepoint_refresh_token');
    const parts: Parts = {
      client_secret: setting('sharepoint_client_secret'),
      ...(refreshToken !== '' && { refresh_token: refreshToken }),
    };
    const { peer, refusal } = await tryAt(peers, new URL(setting('sharepoint_site_url')).host, parts);
    if (refusal !== null) throw new Error(`Failed to get SharePoint access token: ${byMicrosoft(refusal)}`);
    return taken(peer, name);
  },
};

function byMicrosoft(error: string): string {
  return error === 'invalid_client'
    ? 'invalid_client - AADSTS7000215: Invalid client secret provided.'
    : 'invalid_grant - AADSTS50173: The provided grant has expired due to it being revoked.';
}

export const evernote: DestinationRow = {
  name: 'evernote',
  title: 'Evernote',
  needs: ['evernote_auth_token'],
  words: (_, why) => `Failed to upload to Evernote: ${why}`,
  upload: (sending) => byOnePart(sending, hosts.evernote, { auth_token: 'evernote_auth_token' }),
};

export const iCloud: DestinationRow = {
  name: 'icloud',
  title: 'iCloud Drive',
  needs: ['icloud_username', 'icloud_password'],
  words: (name, why) => `Error uploading ${name} to iCloud Drive: ${why}`,
  upload: (sending) => byOnePart(sending, hosts.iCloud, { username: 'icloud_username', password: 'icloud_password' }),
};

/** `keys`: the setting of each part. */
async function byOnePart({ name, setting, peers }: Sending, host: string, keys: Parts) {
  const parts = Object.fromEntries(Object.entries(keys).map(([part, key]) => [part, setting(key)]));
  const { peer, refusal } = await tryAt(peers, host, parts);
  if (refusal !== null) throw new Error(refusal);
  return taken(peer, name);
}

async function tryAt(peers: Peers, host: string, parts: Parts): Promise<{ peer: Peer; refusal: string | null }> {
  const peer = peerAt(peers, host);
  return { peer, refusal: await peer.logIn(parts) };
}

function taken(peer: Peer, name: string): { arrived: string } {
  const refusal = peer.take(name);
  if (refusal !== null) throw new Error(refusal);
  return { arrived: name };
}
