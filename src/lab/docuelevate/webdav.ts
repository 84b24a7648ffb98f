import { basic, send } from './delivery.js';
import type { DestinationRow } from './destinations.js';

export const webDav: DestinationRow = {
  name: 'webdav',
  title: 'WebDAV',
  needs: ['webdav_url', 'webdav_username', 'webdav_password'],
  words: (name, why) => `Error uploading ${name} to WebDAV: ${why}`,
  async upload({ name, setting, ...rest }) {
    const [url = '', folder = '', username = '', password = ''] = ['url', 'folder', 'username', 'password'].map(
      (part) => setting(`webdav_${part}`),
    );
    const answer = await putFile({ url, folder, username, password }, { name, ...rest }).catch(() => null);
    if (!answer) throw new Error('the server cannot be reached');
    const { status, text } = answer;
    if ([200, 201, 204].includes(status)) return { arrived: name };
    return { refused: `Failed to upload ${name} to WebDAV: ${status} - ${text}` };
  },
};

export interface WebDavAccount {
  readonly url: string;
  readonly folder: string;
  readonly username: string;
  readonly password: string;
}

/** One PUT, which overwrites an existing file. */
export async function putFile(
  { url, folder, username, password }: WebDavAccount,
  { name, bytes, signal }: { readonly name: string; readonly bytes: Buffer; readonly signal: AbortSignal },
): Promise<{ status: number; text: string }> {
  const base = new URL(folder.replace(/^\//, ''), url).href;
  const target = new URL(name, base.endsWith('/') ? base : `${base}/`);
  const headers = { authorization: basic(username, password) };
  return send(target, { method: 'PUT', headers, body: new Uint8Array(bytes), signal });
}
