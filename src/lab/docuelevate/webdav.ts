import type { Task } from './tasks.js';

/** One document on its way to a WebDAV server. */
export interface WebDavUpload {
  readonly name: string;
  readonly bytes: Buffer;
  readonly signal: AbortSignal;
}

/** One PUT; what is there under the name is overwritten. Answers why it failed, with all that the server said. */
export async function putToWebDav(task: Task, { name, bytes, signal }: WebDavUpload): Promise<{ failure?: string }> {
  const folder = new URL(task.value('webdav_folder').replace(/^\//, ''), task.value('webdav_url')).href;
  const url = new URL(name, folder.endsWith('/') ? folder : `${folder}/`);
  const credentials = `${task.value('webdav_username')}:${task.value('webdav_password')}`;
  const headers = { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  const response = await fetch(url, { method: 'PUT', headers, body: new Uint8Array(bytes), signal });
  const text = await response.text();
  if ([200, 201, 204].includes(response.status)) return {};
  return { failure: `Failed to upload ${name} to WebDAV: ${response.status} - ${text}` };
}
