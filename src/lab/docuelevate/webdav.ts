import { hasAll } from './delivery.js';
import type { Destination, DestinationOptions } from './destinations.js';
import type { Task } from './tasks.js';

/** One document to upload to a WebDAV server. */
export interface WebDavUpload {
  readonly name: string;
  readonly bytes: Buffer;
  readonly signal: AbortSignal;
}

export interface WebDavAccount {
  readonly url: string;
  readonly folder: string;
  readonly username: string;
  readonly password: string;
}

export function webDav({ signal }: DestinationOptions): Destination {
  return {
    name: 'webdav',
    title: 'WebDAV',
    configured: (task) => hasAll(task, ['webdav_url', 'webdav_username', 'webdav_password']),
    async upload(task, { name, bytes }) {
      const again = (why: string) => `Error uploading ${name} to WebDAV: ${why}`;
      const refused = await putToWebDav(task, { name, bytes, signal }).catch(() => null);
      if (refused === null) return { failures: [again('the server cannot be reached')] };
      return refused.failure ? { failures: [refused.failure, again(refused.failure)] } : { arrived: name };
    },
  };
}

/** One PUT, which overwrites an existing file. Returns the error, with the server's whole answer. */
async function putToWebDav(task: Task, upload: WebDavUpload): Promise<{ failure?: string }> {
  const [url = '', folder = '', username = '', password = ''] = ['url', 'folder', 'username', 'password'].map((part) =>
    task.value(`webdav_${part}`),
  );
  const { status, text } = await putFile({ url, folder, username, password }, upload);
  if ([200, 201, 204].includes(status)) return {};
  return { failure: `Failed to upload ${upload.name} to WebDAV: ${status} - ${text}` };
}

export async function putFile(
  { url, folder, username, password }: WebDavAccount,
  { name, bytes, signal }: WebDavUpload,
): Promise<{ status: number; text: string }> {
  const base = new URL(folder.replace(/^\//, ''), url).href;
  const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  const target = new URL(name, base.endsWith('/') ? base : `${base}/`);
  const response = await fetch(target, { method: 'PUT', headers, body: new Uint8Array(bytes), signal });
  return { status: response.status, text: await response.text() };
}
