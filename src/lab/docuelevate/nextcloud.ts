import { compactTime, hasAll, reasonOf } from './delivery.js';
import type { Destination, DestinationOptions, Ended, Upload } from './destinations.js';
import type { Task } from './tasks.js';

/** An existing name gets the time appended, so every try leaves a copy. A broken destination answers that it has no space. */
export function nextcloud({ broken, signal }: DestinationOptions): Destination {
  const words = (name: string, why: string): string => `Failed to upload ${name} to Nextcloud: ${why}`;
  const refused = (name: string, why: string): Ended => ({ failures: [why, words(name, why)] });
  return {
    name: 'nextcloud',
    title: 'Nextcloud',
    configured: (task) =>
      broken() || hasAll(task, ['nextcloud_upload_url', 'nextcloud_username', 'nextcloud_password']),
    async upload(task, upload) {
      const { name } = upload;
      if (broken()) return refused(name, words(name, '507 - Insufficient Storage'));
      try {
        const { path, status, text } = await put(task, upload, signal);
        if ([201, 204].includes(status)) return { arrived: path };
        return refused(name, words(name, `${status} - ${text}`));
      } catch (error) {
        return { failures: [words(name, reasonOf(error))] };
      }
    },
  };
}

interface Put {
  readonly path: string;
  readonly status: number;
  readonly text: string;
}

/** Three requests with the password for one document: list the folder, create the folder, upload. Only the last answer counts. */
async function put(task: Task, { name, bytes, note }: Upload, signal: AbortSignal): Promise<Put> {
  const [url = '', username = '', password = ''] = ['upload_url', 'username', 'password'].map((part) =>
    task.value(`nextcloud_${part}`),
  );
  const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  const send = async (
    method: string,
    path: string,
    more: RequestInit = {},
  ): Promise<{ status: number; text: string }> => {
    const target = `${url.replace(/\/$/, '')}/${path.split('/').map(encodeURIComponent).join('/')}`;
    const response = await fetch(target, { method, signal, ...more, headers: { ...headers, depth: '1' } });
    return { status: response.status, text: await response.text() };
  };
  const folder = task.value('nextcloud_folder').replaceAll(/^\/|\/$/g, '');
  const wanted = folder === '' ? name : `${folder}/${name}`;
  const known = await send('PROPFIND', folder).catch(() => null);
  const path = known?.text.includes(wanted) ? wanted.replace(/(\.\w+)?$/, `_${compactTime()}$1`) : wanted;
  const parents = folder.split('/').filter((part) => part !== '');
  for (const at of parents.keys()) await send('MKCOL', `${parents.slice(0, at + 1).join('/')}/`);
  await note('upload_file', 'in_progress', `Uploading to ${path}`);
  return { path, ...(await send('PUT', path, { body: new Uint8Array(bytes) })) };
}
