import { anotherName, basic, send } from './delivery.js';
import type { DestinationRow, Sending } from './destinations.js';

export const nextcloud: DestinationRow = {
  name: 'nextcloud',
  title: 'Nextcloud',
  needs: ['nextcloud_upload_url', 'nextcloud_username', 'nextcloud_password'],
  skipsUnconfigured: true,
  words: failed,
  broken: '507 - Insufficient Storage',
  /** An existing name gets the time appended, so every try leaves a copy. */
  async upload(sending) {
    const { path, status, text } = await put(sending);
    return [201, 204].includes(status) ? { arrived: path } : { refused: failed(sending.name, `${status} - ${text}`) };
  },
};

function failed(name: string, why: string): string {
  return `Failed to upload ${name} to Nextcloud: ${why}`;
}

/** Three requests with the password for one document: list the folder, create the folder, upload. Only the last answer counts. */
async function put({ name, bytes, note, setting, signal }: Sending) {
  const headers = { authorization: basic(setting('nextcloud_username'), setting('nextcloud_password')), depth: '1' };
  const url = setting('nextcloud_upload_url').replace(/\/$/, '');
  const ask = (method: string, path: string, body: Uint8Array<ArrayBuffer> | null = null) =>
    send(`${url}/${path.split('/').map(encodeURIComponent).join('/')}`, { method, signal, headers, body });
  const folder = setting('nextcloud_folder').replaceAll(/^\/|\/$/g, '');
  const wanted = folder === '' ? name : `${folder}/${name}`;
  const known = await ask('PROPFIND', folder).catch(() => null);
  const path = known?.text.includes(wanted) ? anotherName(wanted) : wanted;
  const parents = folder.split('/').filter((part) => part !== '');
  for (const at of parents.keys()) await ask('MKCOL', `${parents.slice(0, at + 1).join('/')}/`);
  await note('upload_file', 'in_progress', `Uploading to ${path}`);
  return { path, ...(await ask('PUT', path, new Uint8Array(bytes))) };
}
